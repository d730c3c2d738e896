import type { Distribution } from '../exposition.ts'

/*
 * I1  `#counts[i]` are the observations that were at most bound `i` and above the one before it; the last are those above all bounds.
 * I2  The counts add up to `count`.
 */

/** Counts observations by size, without an allocation; `bounds` rise. */
export class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > bounds[at]!) at++
    this.#counts[at]!++
    this.#sum += value
  }

  distribution(labels: Distribution['labels']): Distribution {
    let count = 0
    const [...buckets] = this.#counts.map((each) => {
      count += each
      return count
    })
    return { labels, bounds: this.#bounds, buckets: buckets.slice(0, -1), sum: this.#sum, count }
  }
}
