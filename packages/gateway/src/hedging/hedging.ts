/** When the next link is asked too, and for how many of the requests. */
export interface HedgeOptions {
  /** How late the first token of a stream, or a whole answer in one piece, may be before the next link is asked too, in ms. */
  readonly after: number
  /** The part of the requests of the chain that may be hedged, besides a few at once: 0.1 by default. */
  readonly share?: number | undefined
}

/** So many hedges may be saved up, so that a lone late answer is not waited for because there were few requests before it. */
const burst = 5

/*
 * I1  Of any n requests in a row, and of those that ran when the first of them began, no more than a `share` and `burst` besides are hedged. What a
 *     request pays in is there for as long as it runs, however many run at once.
 * I2  The silence of an upstream is what it kept since it last brought content to this chain; what is told of is taken off.
 */

/**
 * What the requests of one chain know of each other's hedges: how many more there may be, and how long an upstream has kept silent when others answered
 * in its place. Nothing else would tell its breaker of an upstream that never answers: each call to it is cut off before it is too late.
 */
export class Hedging {
  readonly after: number
  readonly #share: number
  readonly #silences = new Map<string, number>()
  #left = burst
  #running = 0

  constructor({ after, share = 0.1 }: HedgeOptions) {
    this.after = after
    this.#share = share
  }

  /** A request begins, which pays its share. */
  began(): void {
    this.#running++
    this.#left += this.#share
    this.#forget()
  }

  /** It has ended, hedged or not. */
  ended(): void {
    this.#running--
    this.#forget()
  }

  /** Whether a request may be hedged. */
  get allowed(): boolean {
    return this.#left >= 1 - rounding
  }

  /** A request is hedged. */
  take(): void {
    this.#left--
  }

  /** The upstream has brought content. */
  spoke(upstream: string): void {
    this.#silences.delete(upstream)
  }

  /** The upstream was overtaken after so long, in ms, without content; whether its silence adds up to the `limit` of one call. */
  overtaken(upstream: string, silent: number, limit: number): boolean {
    const silence = (this.#silences.get(upstream) ?? 0) + silent
    const failed = silence >= limit
    if (failed) this.#silences.delete(upstream)
    else this.#silences.set(upstream, silence)
    return failed
  }

  #forget(): void {
    this.#left = Math.min(this.#left, burst + this.#share * this.#running)
  }
}

/** Ten times 0.1 is 1. */
const rounding = 1e-9
