/*
 * What is usual: the share of calls that fail, the share that is slow, and how long a call takes. It learns in batches.
 *
 * I1  A batch is learned only when the one after it has ended too (but for the first), so that the beginning of a fault is not learned
 *     before it is suspected.
 * I2  A batch that is suspicious, or followed by one that is, weighs a quarter: never nothing, or a lasting change would be held for a
 *     fault for ever.
 * I3  What is known fades with `halfLife` or with `HALF_LIFE_CALLS`, whichever is later: neither a thousand calls in a second nor three
 *     in a week are much to learn from.
 * I4  With little known, shares are taken for higher than seen: as if `DOUBT` more calls had been seen, a fifth of them hits.
 * I5  Its numbers are finite, whatever it is told; shares are above 0 and below 1.
 */

/** A batch has this many calls at least, and lasts this part of a half-life at least. */
const BATCH_CALLS = 50
const BATCHES = 32
const HALF_LIFE_CALLS = 500
const SUSPICIOUS = 0.25
const DOUBT = 20
const DOUBTED = 0.2
/** The calls that a share with that half-life rests on. */
const SUREST = (2 * HALF_LIFE_CALLS) / Math.LN2
/** Times outside of this, in ms, are taken for its ends: below 10 ms one hears the machine itself. */
const SHORTEST = 10
const LONGEST = 1e9
const MUCH = Math.log(4)
const YEAR = 365 * 86_400_000

interface Batch {
  calls: number
  failures: number
  /** Calls that succeeded and were timed, those of them that were slow, and sums of the logarithms of their ms and of the squares of these. */
  timed: number
  slow: number
  logs: number
  squares: number
  suspicious: boolean
  lasted: number
}

/** What is usual for one breaker's calls. */
export class Baseline {
  #halfLife: number
  #failing = DOUBTED
  #slow = DOUBTED
  /** Mean and variance of the logarithm of the ms of calls that succeed. */
  #level = 0
  #variance = 0
  /** From here on, in ms, a call is slow. */
  #slowAfter = Infinity
  /** What it has learned from, in all: calls and ms. */
  #calls = 0
  #time = 0
  #batch = empty()
  #before: Batch | undefined
  #since: number

  constructor(halfLife: number, now: number) {
    this.#halfLife = halfLife
    this.#since = now
  }

  /** The share of calls that fail. */
  get failing(): number {
    return this.#doubted(this.#failing)
  }

  /** The share of successful calls that are slow. */
  get slow(): number {
    return this.#doubted(this.#slow)
  }

  /** What a successful call takes, in ms; 0 until that is known. */
  get latency(): number {
    return this.#slowAfter === Infinity ? 0 : Math.exp(this.#level)
  }

  /** From how many ms on a call is slow: four times the usual, and two standard deviations. `Infinity` until that is known. */
  get slowAfter(): number {
    return this.#slowAfter
  }

  /** Whether to ask `end`; there is no need to look at a clock more often. */
  get due(): boolean {
    return this.#batch.calls % BATCH_CALLS === 0
  }

  /** From now on, fades with that half-life; what it knows stays. */
  fade(halfLife: number): void {
    this.#halfLife = halfLife
  }

  suspect(): void {
    this.#batch.suspicious = true
  }

  failed(): void {
    this.#batch.calls++
    this.#batch.failures++
  }

  /** A call has succeeded, in a time that nobody took. */
  succeeded(): void {
    this.#batch.calls++
  }

  succeededIn(ms: number): void {
    const batch = this.#batch
    batch.calls++
    batch.timed++
    if (ms > this.#slowAfter) batch.slow++
    // What is slow is learned as just slow, so that a few very slow calls teach little.
    const log = logarithm(Math.min(ms, this.#slowAfter))
    batch.logs += log
    batch.squares += log * log
  }

  /** Ends the batch if it has lasted long enough. Answers whether anything was learned. */
  end(now: number): boolean {
    const batch = this.#batch
    if (now < this.#since) this.#since = now
    batch.lasted = Math.min(now - this.#since, YEAR)
    if (!(batch.lasted >= this.#halfLife / BATCHES)) return false
    this.#since = now
    this.#batch = empty()
    if (this.#calls === 0) {
      this.#learn(batch, batch.suspicious)
      return true
    }
    const before = this.#before
    this.#before = batch
    if (before === undefined) return false
    this.#learn(before, before.suspicious || batch.suspicious)
    return true
  }

  /** From now on, `times` the time is usual. */
  loosen(times: number): void {
    if (!(times > 1)) return
    this.#level = Math.min(this.#level + Math.log(times), Math.log(LONGEST))
    if (this.#slowAfter < Infinity) this.#limit()
  }

  #learn(batch: Batch, suspicious: boolean): void {
    const weight = suspicious ? SUSPICIOUS : 1
    const [calls, time] = [weight * batch.calls, weight * batch.lasted]
    this.#calls += calls
    this.#time += time
    const fading = 1 - 2 ** -Math.min(calls / HALF_LIFE_CALLS, time / this.#halfLife)
    // The plain mean of all that was seen, until that would move more slowly than it fades.
    const pace = Math.max(fading, Math.min(calls / this.#calls, time / this.#time))
    this.#failing += pace * (batch.failures / batch.calls - this.#failing)
    if (batch.timed > 0) this.#learnTimes(batch, pace)
  }

  #learnTimes({ timed, slow, logs, squares }: Batch, pace: number): void {
    const mean = logs / timed
    const variance = Math.max(0, squares / timed - mean * mean)
    const first = this.#slowAfter === Infinity
    if (!first) this.#slow += pace * (slow / timed - this.#slow)
    this.#level += (first ? 1 : pace) * (mean - this.#level)
    this.#variance += (first ? 1 : pace) * (variance - this.#variance)
    this.#limit()
  }

  #limit(): void {
    this.#slowAfter = Math.exp(this.#level + MUCH + 2 * Math.sqrt(this.#variance))
  }

  #doubted(share: number): number {
    const sure = Math.min(this.#calls, SUREST)
    return (share * sure + DOUBTED * DOUBT) / (sure + DOUBT)
  }
}

function logarithm(ms: number): number {
  return Math.log(ms > SHORTEST ? Math.min(ms, LONGEST) : SHORTEST)
}

function empty(): Batch {
  return { calls: 0, failures: 0, timed: 0, slow: 0, logs: 0, squares: 0, suspicious: false, lasted: 0 }
}
