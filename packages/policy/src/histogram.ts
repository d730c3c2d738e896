/*
 * Durations by size, in buckets that are each 22 % wider than the one before.
 *
 * I1  What it answers is within 10 % of a duration that was recorded, if that was between `SHORTEST` and `LONGEST`.
 * I2  It has `BUCKETS` counts of two bytes, and none before the first duration.
 * I3  With each `HALF_LIFE` a duration counts half as much; `WEIGHT` is 2³, so that one alone is seen for four of them, and then no more.
 * I4  A count never overflows: before it would, all are halved.
 */

/** In ms: what is shorter counts as this. */
const SHORTEST = 0.01
/** In ms: what is longer counts as this. */
const LONGEST = 3_600_000
const GROWTH = 1.22
const SCALE = 1 / Math.log(GROWTH)
const BUCKETS = Math.floor(Math.log(LONGEST / SHORTEST) * SCALE) + 1
/** The value with the least relative error for all of a bucket: (GROWTH - 1) / (GROWTH + 1), 9.9 %, at either end. */
const MIDDLE = (SHORTEST * 2 * GROWTH) / (1 + GROWTH)
const HALF_LIFE = 60_000
const WEIGHT = 8
const MOST = 65_535

/** How long things took of late. It has no clock: each call says what time it is, in ms. */
export class Histogram {
  #counts: Uint16Array | undefined
  #agedAt = 0

  /** A duration of `ms`. */
  record(ms: number, now: number): void {
    if (this.#counts === undefined) {
      this.#counts = new Uint16Array(BUCKETS)
      this.#agedAt = now
    } else this.#age(now)
    const bucket = bucketOf(ms)
    if (this.#counts[bucket]! > MOST - WEIGHT) this.#halve(1)
    this.#counts[bucket]! += WEIGHT
  }

  /** The duration, in ms, that a share of `q` (0 to 1) did not exceed; undefined if there was none of late. */
  quantile(q: number, now: number): number | undefined {
    this.#age(now)
    const counts = this.#counts ?? new Uint16Array()
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (total === 0) return undefined
    let left = Math.max(1, Math.ceil(q * total - 1e-6))
    const bucket = counts.findIndex((count) => {
      left -= count
      return left <= 0
    })
    return MIDDLE * GROWTH ** bucket
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts = undefined
  }

  #age(now: number): void {
    const halvings = Math.floor((now - this.#agedAt) / HALF_LIFE)
    if (this.#counts === undefined || halvings <= 0) return
    this.#agedAt += halvings * HALF_LIFE
    this.#halve(Math.min(halvings, 16))
  }

  #halve(times: number): void {
    const counts = this.#counts!
    for (let bucket = 0; bucket < BUCKETS; bucket++) counts[bucket]! >>= times
  }
}

function bucketOf(ms: number): number {
  if (!(ms > SHORTEST)) return 0
  return Math.min(BUCKETS - 1, Math.floor(Math.log(ms / SHORTEST) * SCALE))
}
