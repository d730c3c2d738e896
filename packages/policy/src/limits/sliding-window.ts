import type { Meter } from './turnstile.ts'

/*
 * I1  In any `per` ms (the end not included) at most `limit` calls go.
 * I2  The log holds the times of the last `per` ms, the oldest at `#oldest`; it takes as much room as they have ever needed.
 */

/** The numbers of a sliding window: at most `limit` calls in any `per` ms. */
export interface WindowSize {
  readonly limit: number
  readonly per: number
}

/**
 * A sliding window that is exact: it remembers when the last `limit` calls went, at 8 B each.
 *
 * The usual approximation by two counters lets through up to twice the limit when calls come unevenly, or refuses some that might go. A log costs more
 * memory, but its bound is known beforehand.
 */
export class SlidingWindow implements Meter {
  readonly #size: WindowSize
  #log = new Float64Array(4)
  #oldest = 0
  #count = 0

  constructor(size: WindowSize) {
    this.#size = size
  }

  turn(now: number, ahead: number): number {
    const { limit, per } = this.#size
    // Those ahead go as soon as they may; whoever comes `limit` calls after one of them goes `per` ms later.
    if (ahead >= limit) return this.turn(now, ahead % limit) + Math.floor(ahead / limit) * per
    const index = this.#count + ahead - limit
    return index < 0 ? now : Math.max(now, this.#at(index) + per)
  }

  take(now: number): void {
    this.#forget(now)
    if (this.#count === this.#log.length) this.#grow()
    this.#log[(this.#oldest + this.#count) % this.#log.length] = now
    this.#count++
  }

  free(now: number): number {
    this.#forget(now)
    return this.#size.limit - this.#count
  }

  idle(now: number): boolean {
    return this.free(now) === this.#size.limit
  }

  #at(index: number): number {
    return this.#log[(this.#oldest + index) % this.#log.length]!
  }

  /** Drops what no longer counts. */
  #forget(now: number): void {
    while (this.#count > 0 && this.#at(0) + this.#size.per <= now) {
      this.#oldest = (this.#oldest + 1) % this.#log.length
      this.#count--
    }
  }

  #grow(): void {
    const larger = new Float64Array(Math.min(this.#log.length * 2, this.#size.limit))
    for (let n = 0; n < this.#count; n++) larger[n] = this.#at(n)
    this.#log = larger
    this.#oldest = 0
  }
}
