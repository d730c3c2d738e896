/*
 * Durations by size, in buckets that are each 22 % wider than the one before.
 *
 * A pipeline has one of these, so it is small: only the buckets from the shortest to the longest duration are there, two counts in one integer of 30 bits
 * (which every engine keeps in place; a typed array would cost 200 bytes before it held anything).
 *
 * I1  What it answers is within 10 % of a duration that was recorded, if that was between `SHORTEST` and `LONGEST`.
 * I2  It has at most `BUCKETS` counts, and none before the first duration.
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
const BITS = 15
const MOST = 2 ** BITS - 1

/** How long things took of late. It has no clock: each call says what time it is, in ms. */
export class Histogram {
  /** Counts of the buckets `2 * #first` and up: of an even one in the low bits, of the odd one behind it in the high bits. */
  #pairs: number[] = []
  #first = 0
  /** The half-life, counted from the clock's zero, up to which the counts are aged. */
  #age = 0

  /** A duration of `ms`. */
  record(ms: number, now: number): void {
    this.#growOlder(now)
    const bucket = bucketOf(ms)
    const at = this.#reach(bucket >> 1)
    const shift = (bucket & 1) * BITS
    if (((this.#pairs[at]! >> shift) & MOST) + WEIGHT > MOST) this.#halve(1)
    this.#pairs[at]! += WEIGHT << shift
  }

  /** The duration, in ms, that a share of `q` (0 to 1) did not exceed; undefined if there was none of late. */
  quantile(q: number, now: number): number | undefined {
    this.#growOlder(now)
    const counts = this.#pairs.flatMap((pair) => [pair & MOST, pair >> BITS])
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (total === 0) return undefined
    let left = Math.max(1, Math.ceil(q * total - 1e-6))
    const bucket = counts.findIndex((count) => {
      left -= count
      return left <= 0
    })
    return MIDDLE * GROWTH ** (2 * this.#first + bucket)
  }

  /** Forgets everything. */
  clear(): void {
    this.#pairs = []
  }

  /** Where a pair stands, once there is room for it. */
  #reach(pair: number): number {
    const { length } = this.#pairs
    if (length === 0) this.#first = pair
    const before = Math.max(0, this.#first - pair)
    const behind = Math.max(0, pair - this.#first - length + 1)
    // Made in one piece, since an array that is pushed to keeps room for more.
    if (before + behind > 0) this.#pairs = zeros(before).concat(this.#pairs, zeros(behind))
    this.#first -= before
    return pair - this.#first
  }

  #growOlder(now: number): void {
    const age = Math.floor(now / HALF_LIFE)
    if (age > this.#age) {
      this.#halve(Math.min(age - this.#age, BITS))
      this.#age = age
    }
  }

  #halve(times: number): void {
    this.#pairs = this.#pairs.map((pair) => (((pair >> BITS) >> times) << BITS) | ((pair & MOST) >> times))
  }
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0)
}

function bucketOf(ms: number): number {
  if (!(ms > SHORTEST)) return 0
  return Math.min(BUCKETS - 1, Math.floor(Math.log(ms / SHORTEST) * SCALE))
}
