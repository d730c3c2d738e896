/*
 * I1  What it answers is at most 10 % above the exact quantile of the last `WINDOW` durations, and never below it, between `SHORTEST` and `LONGEST`.
 * I2  `#below` is the number of them in the buckets below `#at`; the one that is looked for lies in `#at`.
 * I3  It takes memory for `WINDOW` durations at most, and none before the first.
 */

/** In ms: what is shorter counts as this. */
const SHORTEST = 0.05
const GROWTH = 1.1
const SCALE = 1 / Math.log(GROWTH)
/** So that a bucket's number is one byte; the last begins above 30 minutes. */
const BUCKETS = 185
const WINDOW = 256

/** One quantile of the last 256 durations. To record one costs the same, however many there were. */
export class Quantile {
  readonly #q: number
  #last: Uint8Array | undefined = undefined
  #counts: Uint16Array | undefined = undefined
  #recorded = 0
  #at = 0
  #below = 0

  /** `q`: the share of the durations that are not above it. */
  constructor(q: number) {
    this.#q = q
  }

  /** How many durations it goes by. */
  get known(): number {
    return Math.min(this.#recorded, WINDOW)
  }

  /** The duration, in ms, that a share of `q` did not exceed; `undefined` if there was none. */
  get value(): number | undefined {
    return this.#recorded === 0 ? undefined : SHORTEST * GROWTH ** this.#at
  }

  /** A duration of `ms`. */
  record(ms: number): void {
    this.#last ??= new Uint8Array(WINDOW)
    this.#counts ??= new Uint16Array(BUCKETS)
    const place = this.#recorded % WINDOW
    if (this.#recorded >= WINDOW) this.#count(this.#counts, this.#last[place]!, -1)
    this.#last[place] = bucketOf(ms)
    this.#count(this.#counts, this.#last[place], 1)
    this.#recorded++
    this.#follow(this.#counts)
  }

  /** Forgets everything. */
  clear(): void {
    this.#last = this.#counts = undefined
    this.#recorded = this.#at = this.#below = 0
  }

  #count(counts: Uint16Array, bucket: number, change: 1 | -1): void {
    counts[bucket]! += change
    if (bucket < this.#at) this.#below += change
  }

  /** Moves to the bucket of the one that is looked for. */
  #follow(counts: Uint16Array): void {
    const rank = Math.max(1, Math.ceil(this.#q * this.known - 1e-9))
    while (this.#below >= rank) this.#below -= counts[--this.#at]!
    while (this.#below + counts[this.#at]! < rank) this.#below += counts[this.#at++]!
  }
}

/** Bucket n holds what is above `SHORTEST * GROWTH ** (n - 1)` and not above `SHORTEST * GROWTH ** n`. */
function bucketOf(ms: number): number {
  if (!(ms > SHORTEST)) return 0
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / SHORTEST) * SCALE - 1e-9))
}
