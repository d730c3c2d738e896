import type { Clock } from '@holdfast/policy'
import type { Rate } from './client-options.ts'

/*
 * I1  A reservation is made only where all of it is left, and is settled once: settling it again changes nothing.
 * I2  What an answer took beyond its reservation is owed, and paid back by waiting, so that the rate holds in the long run. What is told as left is
 *     never below 0.
 * I3  No more than `limit` is ever left, whatever is given back.
 * I4  `wait` is true: that many ms later the reservation can be made, if no other is made first.
 */

/**
 * Tokens that come at a rate and are kept up to its limit, as a token bucket from which calls of different sizes take. The size of a call is only known
 * when it is over, so an estimate is reserved and settled afterwards.
 */
export class TokenAllowance {
  readonly #rate: Rate
  readonly #clock: Clock
  #level: number
  #at: number

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#level = rate.limit
    this.#at = clock.now()
  }

  get limit(): number {
    return this.#rate.limit
  }

  /** Whole tokens that could be reserved now. */
  get left(): number {
    return Math.max(0, Math.floor(this.#now() + tiny))
  }

  /** Ms until there are `limit` of them, if nobody takes any. */
  get full(): number {
    return this.wait(this.#rate.limit)
  }

  /** Ms until so many could be reserved: 0 for now. More than `limit` are never there at once. */
  wait(tokens: number): number {
    const { limit, per } = this.#rate
    if (tokens > limit) return Infinity
    const missing = tokens - this.#now()
    return missing <= tiny ? 0 : Math.ceil((missing * per) / limit)
  }

  /** Takes so many; the answer gives back what of them was not used, or takes what was used beyond them. */
  reserve(tokens: number): (used: number) => void {
    this.#level = this.#now() - tokens
    let settled = false
    return (used) => {
      if (settled) return
      settled = true
      this.#level = this.#now() + tokens - used
    }
  }

  #now(): number {
    const { limit, per } = this.#rate
    const now = this.#clock.now()
    this.#level = Math.min(limit, this.#level + ((now - this.#at) * limit) / per)
    this.#at = now
    return this.#level
  }
}

/** So much of a token may be lost to rounding. */
const tiny = 1e-6
