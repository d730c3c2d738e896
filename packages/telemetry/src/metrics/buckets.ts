import type { Distribution, Exemplar } from '../exposition.ts'

/*
 * I1  `#counts[i]` are the observations that were at most bound `i` and above the one before it; the last are those above all bounds.
 * I2  The counts add up to `count`.
 * I3  An exemplar lies in the bucket for which it stands: it is the last one observed there.
 */

/** Counts observations by size, without an allocation unless there is an exemplar; `bounds` rise. */
export class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #exemplars: (Exemplar | undefined)[] | undefined
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** `traceId`: the trace in which it was seen, if that is worth a look. */
  observe(value: number, traceId?: string): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > bounds[at]!) at++
    this.#counts[at]!++
    this.#sum += value
    if (traceId === undefined) return
    this.#exemplars ??= new Array(bounds.length + 1).fill(undefined)
    this.#exemplars[at] = { traceId, value, at: Date.now() }
  }

  get count(): number {
    return this.#counts.reduce((sum, each) => sum + each, 0)
  }

  distribution(labels: Distribution['labels']): Distribution {
    let count = 0
    const [...buckets] = this.#counts.map((each) => {
      count += each
      return count
    })
    return {
      labels,
      bounds: this.#bounds,
      buckets: buckets.slice(0, -1),
      sum: this.#sum,
      count,
      ...(this.#exemplars && { exemplars: [...this.#exemplars] }),
    }
  }
}
