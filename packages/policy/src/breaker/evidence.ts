/*
 * Whether hits (failures, slow calls) have become more frequent than usual: Page's cumulative sum of log-likelihood ratios, `share` against
 * `usual`. It starts again from 0 whenever the calls speak for the usual. While they are as usual, it reaches `enough` at most once in
 * exp(enough) calls on average (Lorden, 1971), however many calls there are in a second. Hits that count less, or misses that count more, make it rarer still.
 *
 * I1  0 <= sum, and sum < enough until the hit that answers true.
 * I2  A miss never raises the sum, and so never makes it enough.
 * I3  Fewer than `fewest` hits since the sum was last 0 are never enough: `fewest` - 0.5 of them would be at the soonest.
 */

/** Grounds for suspicion, in one number. */
export class Evidence {
  #enough: number
  #fewest: number
  #hit = 0
  #miss = 0
  #sum = 0

  constructor(enough: number, fewest: number) {
    this.#enough = enough
    this.#fewest = fewest
  }

  /** From 0, nothing to suspect, to 1, enough. */
  get strength(): number {
    return Math.min(1, this.#sum / this.#enough)
  }

  get none(): boolean {
    return this.#sum === 0
  }

  /** From now on, other numbers are enough; what is suspected stays. Weigh anew after it. */
  require(enough: number, fewest: number): void {
    this.#enough = enough
    this.#fewest = fewest
  }

  /**
   * From now on, weighs calls of which a `share` are hits against the `usual` share; what lasts is not enough while fewer than `least`
   * of the calls are hits. All between 0 and 1, usual < least <= share.
   */
  weigh(usual: number, least: number, share: number): void {
    this.#hit = Math.min(this.#enough / (this.#fewest - 0.5), Math.log(share / usual))
    this.#miss = Math.max(Math.log((1 - usual) / (1 - share)), (this.#hit * least) / (1 - least))
  }

  /** Answers whether it is enough now. */
  hit(): boolean {
    this.#sum += this.#hit
    return this.#sum >= this.#enough
  }

  miss(): void {
    this.#sum = Math.max(0, this.#sum - this.#miss)
  }

  clear(): void {
    this.#sum = 0
  }
}

/** The share of hits whose odds are `times` as high. */
export function raised(share: number, times: number): number {
  return (share * times) / (1 - share + share * times)
}
