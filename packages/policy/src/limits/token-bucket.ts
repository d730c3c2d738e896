import type { Meter } from './turnstile.ts'

/*
 * I1  In any time of `w` ms at most `burst + w * limit / per` calls go.
 * I2  What `turn` promised does not move, unless others go first: it is a product, not a sum of steps, so nothing adds up but whole numbers.
 */

/** The numbers of a token bucket: `limit` tokens come in `per` ms, and at most `burst` are kept. */
export interface BucketSize {
  readonly limit: number
  readonly per: number
  readonly burst: number
}

/**
 * A token bucket as arithmetic: when it was last full, and how many have gone since. There is no timer that fills it.
 *
 * Source: the virtual scheduling form of the generic cell rate algorithm, ITU-T I.371, with the theoretical arrival time written as
 * `full + taken * per / limit`.
 */
export class TokenBucket implements Meter {
  readonly #size: BucketSize
  #full = -Infinity
  #taken = 0

  constructor(size: BucketSize) {
    this.#size = size
  }

  turn(now: number, ahead: number): number {
    const full = this.#isFull(now)
    const tokens = (full ? 0 : this.#taken) + 1 + ahead - this.#size.burst
    return (full ? now : this.#full) + this.#time(tokens)
  }

  take(now: number): void {
    if (this.#isFull(now)) {
      this.#full = now
      this.#taken = 0
    }
    this.#taken++
  }

  free(now: number): number {
    const { limit, per, burst } = this.#size
    if (this.#isFull(now)) return burst
    return Math.max(0, burst - this.#taken + Math.floor(((now - this.#full) * limit) / per))
  }

  idle(now: number): boolean {
    return this.#isFull(now)
  }

  #isFull(now: number): boolean {
    return now >= this.#full + this.#time(this.#taken)
  }

  /** How long that many tokens take to come. */
  #time(tokens: number): number {
    return (tokens * this.#size.per) / this.#size.limit
  }
}
