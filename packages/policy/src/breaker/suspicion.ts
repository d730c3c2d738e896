import { type Clock, roughNow } from '../time/clock.ts'
import type { AdaptiveSettings } from './adaptive.ts'
import { Baseline } from './baseline.ts'
import { Evidence, raised } from './evidence.ts'
import type { Gauge, TripCounts } from './trip.ts'

/*
 * I1  Only a failed or slow call opens, and only the `minimumFailures`th since suspicion began, or a later one.
 * I2  `counts` are of the calls since there was last no suspicion at all.
 * I3  Closing forgets the suspicion, and keeps what was learned.
 * I4  While the breaker is open, what is slow loosens, twofold in each half-life: a lasting change does not keep it open for ever.
 * I5  Other settings keep what was learned and what is suspected.
 */

/** What an adaptive gauge suspects, and what it has learned. The counts are of the calls since its suspicion began. */
export interface AdaptiveCounts extends TripCounts {
  /** From 0, nothing to suspect, to 1, open. */
  readonly suspicion: number
  readonly usual: {
    /** The share of calls that fail, from 0 to 1. */
    readonly rate: number
    /** What a successful call takes, in ms; 0 until that is known. */
    readonly latency: number
    /** From how many ms on a call is slow; `Infinity` until that is known. */
    readonly slowAfter: number
  }
}

/** A gauge that tells what it has learned. */
export interface AdaptiveGauge extends Gauge {
  counts(): AdaptiveCounts
}

/** Three suspicions, of a small rise, of an outage and of slowness, share the false trips among them. */
const SUSPICIONS = 3
/** From here on, what is seen is learned at a lower weight. */
const SUSPICIOUS = 0.5
/** A rise is looked for at four times the usual odds, an outage at most of the calls, or sixteen times the odds. */
const RISEN = 4
const OUT = 16
const OUTAGE = 0.8

/** What one breaker with an adaptive trip remembers. */
export class Suspicion implements AdaptiveGauge {
  #settings: AdaptiveSettings
  readonly #clock: Clock
  readonly #usual: Baseline
  readonly #risen: Evidence
  readonly #out: Evidence
  readonly #slowness: Evidence
  #calls = 0
  #failures = 0
  #slow = 0
  #inARow = 0
  /** When it opened the breaker, and whether slow calls did. */
  #opened: { readonly at: number; readonly slow: boolean } | undefined

  constructor(settings: AdaptiveSettings, clock: Clock) {
    const enough = enoughFor(settings)
    this.#settings = settings
    this.#clock = clock
    this.#usual = new Baseline(settings.halfLife, roughNow(clock))
    this.#risen = new Evidence(enough, settings.minimumFailures)
    this.#out = new Evidence(enough, settings.minimumFailures)
    this.#slowness = new Evidence(enough, settings.minimumFailures)
    this.#weigh()
  }

  get timed(): boolean {
    return this.#settings.latency
  }

  isSlow(ms: number): boolean {
    return this.timed && ms > this.#usual.slowAfter * this.#loosened()
  }

  record(failed: boolean, ms: number): boolean {
    const opens = failed ? this.#failed() : this.#succeeded(ms)
    if (opens) this.#opened = { at: this.#clock.now(), slow: !failed }
    if (this.#usual.due && this.#usual.end(roughNow(this.#clock))) this.#weigh()
    return opens
  }

  counts(): AdaptiveCounts {
    const [calls, failures, slow] = [this.#calls, this.#failures, this.#slow]
    const all = Math.max(1, calls)
    const { failing, latency, slowAfter } = this.#usual
    return {
      ...{ calls, failures, slow, inARow: this.#inARow, rate: failures / all, slowRate: slow / all },
      suspicion: Math.max(this.#risen.strength, this.#out.strength, this.#slowness.strength),
      usual: { rate: failing, latency, slowAfter },
    }
  }

  clear(): void {
    if (this.#opened?.slow) this.#usual.loosen(this.#loosened())
    this.#opened = undefined
    this.#risen.clear()
    this.#out.clear()
    this.#slowness.clear()
    this.#calls = this.#failures = this.#slow = this.#inARow = 0
  }

  retune(fresh: Gauge): boolean {
    if (!(fresh instanceof Suspicion)) return false
    const settings = fresh.#settings
    const enough = enoughFor(settings)
    this.#settings = settings
    this.#usual.fade(settings.halfLife)
    if (!settings.latency) this.#slowness.clear()
    for (const each of [this.#risen, this.#out, this.#slowness])
      each.require(enough, settings.minimumFailures)
    this.#weigh()
    return true
  }

  #failed(): boolean {
    this.#inARow++
    this.#usual.failed()
    this.#calls++
    this.#failures++
    const risen = this.#risen.hit()
    const out = this.#out.hit()
    if (this.#risen.strength > SUSPICIOUS || this.#out.strength > SUSPICIOUS) this.#usual.suspect()
    return risen || out
  }

  #succeeded(ms: number): boolean {
    this.#inARow = 0
    this.#risen.miss()
    this.#out.miss()
    if (!this.timed) this.#usual.succeeded()
    else {
      this.#usual.succeededIn(ms)
      if (ms > this.#usual.slowAfter) return this.#slowed()
      this.#slowness.miss()
    }
    if (!(this.#risen.none && this.#out.none && this.#slowness.none)) this.#calls++
    else if (this.#calls > 0) this.#calls = this.#failures = this.#slow = 0
    return false
  }

  #slowed(): boolean {
    this.#calls++
    this.#slow++
    const opens = this.#slowness.hit()
    if (this.#slowness.strength > SUSPICIOUS) this.#usual.suspect()
    return opens
  }

  /** How much slower a call may be than is usual, after this long an open time. */
  #loosened(): number {
    if (this.#opened === undefined) return 1
    return 2 ** Math.max(0, (this.#clock.now() - this.#opened.at) / this.#settings.halfLife)
  }

  #weigh(): void {
    const { rise } = this.#settings
    const { failing, slow } = this.#usual
    const [least, most] = [above(failing, rise), above(failing, 2 * rise)]
    // A third of the rise still passes for usual, so that learning a little too low a share costs no false trips.
    this.#risen.weigh(above(failing, rise / 3), least, Math.max(raised(failing, RISEN), most))
    this.#out.weigh(Math.max(failing, rise / 3), least, Math.max(raised(failing, OUT), OUTAGE))
    // Slow calls still succeed, so only an outage is looked for.
    this.#slowness.weigh(slow, above(slow, rise), Math.max(raised(slow, OUT), OUTAGE))
  }
}

function enoughFor({ callsPerFalseTrip }: AdaptiveSettings): number {
  return Math.log(SUSPICIONS * callsPerFalseTrip)
}

/** `share` and `rise` together, and never all: from a share that is high, half of the way at most. */
function above(share: number, rise: number): number {
  return Math.min(share + rise, (1 + share) / 2)
}
