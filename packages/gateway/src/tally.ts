import type { FailureClass } from '@holdfast/transport'
import type { LinkFailure } from './journey.ts'

/** What a chain did since the process began; all counts only grow. */
export interface ChainCounts {
  readonly requests: number
  readonly failed: number
  readonly cancelled: number
  /** Answers by link. */
  readonly answered: Readonly<Record<string, number>>
  /** Links passed over, as `link → class → count`. */
  readonly passedOver: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Whole time of a request in seconds: how many took at most `bounds[i]`, their sum, their number. */
  readonly seconds: { readonly buckets: readonly number[]; readonly sum: number; readonly count: number }
}

/** Upper bounds of the buckets of `ChainCounts.seconds`. */
export const bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const

/** Keeps the counts of one chain. Nothing here decides anything. */
export class Tally {
  #requests = 0
  #failed = 0
  #cancelled = 0
  #sum = 0
  readonly #answered: Record<string, number> = {}
  readonly #passedOver: Record<string, Record<string, number>> = {}
  readonly #buckets: number[] = new Array(bounds.length).fill(0)

  began(): void {
    this.#requests++
  }

  ended(
    how: 'failed' | 'cancelled' | { readonly answeredBy: string },
    ms: number,
    failures: readonly LinkFailure[],
  ): void {
    if (how === 'failed') this.#failed++
    else if (how === 'cancelled') this.#cancelled++
    else this.#answered[how.answeredBy] = (this.#answered[how.answeredBy] ?? 0) + 1
    for (const { link, class: reason } of failures) {
      this.#passedOver[link] ??= {}
      this.#passedOver[link][reason] = (this.#passedOver[link][reason] ?? 0) + 1
    }
    const seconds = ms / 1_000
    this.#sum += seconds
    const bucket = bounds.findIndex((bound) => seconds <= bound)
    if (bucket !== -1) this.#buckets[bucket]!++
  }

  counts(): ChainCounts {
    const answered = { ...this.#answered }
    const ended =
      Object.values(answered).reduce((sum, count) => sum + count, 0) + this.#failed + this.#cancelled
    let below = 0
    const buckets = this.#buckets.map((count) => (below += count))
    return {
      requests: this.#requests,
      failed: this.#failed,
      cancelled: this.#cancelled,
      answered,
      passedOver: structuredClone(this.#passedOver),
      seconds: { buckets, sum: this.#sum, count: ended },
    }
  }
}

/** The calls that went out to one upstream, retries included, and how many of them failed, by class. */
export class UpstreamTally {
  attempts = 0
  readonly failures: Partial<Record<FailureClass, number>> = {}

  failed(as: FailureClass): void {
    this.failures[as] = (this.failures[as] ?? 0) + 1
  }
}
