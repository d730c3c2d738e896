import { Baseline } from './baseline.ts'
import { type Clock, roughNow } from './clock.ts'
import { demand, known } from './errors.ts'
import { Evidence, raised } from './evidence.ts'
import type { Gauge, Trip, TripCounts } from './trip.ts'

/** What an adaptive trip cannot learn. */
export interface AdaptiveOptions {
  /** A rise of the share of failures by less than this opens nothing, from 0 to 1 (0.05). Where a refused call is simply lost, take 0.5. */
  readonly rise?: number
  /** Fewer failures, or slow calls, than this open nothing (5). */
  readonly minimumFailures?: number
  /** While nothing is wrong it opens at most once in so many calls, on average (1 000 000). */
  readonly callsPerFalseTrip?: number
  /** How long, in ms, until half of what was learned is replaced (1 800 000). A lasting change is taken for usual after a few of them. */
  readonly halfLife?: number
  /** Whether slow calls open it, too (true). Without, it looks at no durations. */
  readonly latency?: boolean
}

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

/** A trip whose gauges tell what they have learned. */
export interface AdaptiveTrip extends Trip {
  gauge(clock: Clock): Gauge & { counts(): AdaptiveCounts }
}

/**
 * Opens a breaker when failures, or slow calls, are more than is usual for this work, as learned from the work itself.
 *
 * Five failures in a row are enough where failures are rare, and a few hundred calls where they rise a little. Until anything is known it opens after
 * eleven failures in a row, or when over a third of the calls fail for long. Source: Page, Continuous Inspection Schemes, 1954.
 */
export function adaptive(options: AdaptiveOptions = {}): AdaptiveTrip {
  const settings = settle(options)
  return { kind: 'adaptive', settings: { ...settings }, gauge: (clock) => new Suspicion(settings, clock) }
}

type Settings = Required<AdaptiveOptions>

function settle(options: AdaptiveOptions): Settings {
  known('adaptive', options, ['rise', 'minimumFailures', 'callsPerFalseTrip', 'halfLife', 'latency'])
  const {
    rise = 0.05,
    minimumFailures = 5,
    callsPerFalseTrip = 1_000_000,
    halfLife = 30 * 60_000,
    latency = true,
  } = options
  demand(rise > 0 && rise < 1, 'adaptive.rise', rise, 'a number above 0 and below 1')
  demand(
    Number.isInteger(minimumFailures) && minimumFailures >= 1,
    'adaptive.minimumFailures',
    minimumFailures,
    'a whole number from 1',
  )
  demand(
    callsPerFalseTrip >= 100 && callsPerFalseTrip < Infinity,
    'adaptive.callsPerFalseTrip',
    callsPerFalseTrip,
    'a number of calls, at least 100',
  )
  demand(halfLife > 0 && halfLife < Infinity, 'adaptive.halfLife', halfLife, 'a number of ms above 0')
  demand(typeof latency === 'boolean', 'adaptive.latency', latency, 'true or false')
  return { rise, minimumFailures, callsPerFalseTrip, halfLife, latency }
}

/** Three suspicions, of a small rise, of an outage and of slowness, share the false trips among them. */
const SUSPICIONS = 3
/** From here on, what is seen is learned at a lower weight. */
const SUSPICIOUS = 0.5
/** A rise is looked for at four times the usual odds, an outage at most of the calls, or sixteen times the odds. */
const RISEN = 4
const OUT = 16
const OUTAGE = 0.8
/** Slow calls still succeed: a rise of their share by less than this opens nothing. */
const SLOW_RISE = 0.25

/*
 * I1  Only a failed or slow call opens, and only the `minimumFailures`th since suspicion began, or a later one.
 * I2  `counts` are of the calls since there was last no suspicion at all.
 * I3  Closing forgets the suspicion, and keeps what was learned.
 * I4  While the breaker is open, what is slow loosens, twofold in each half-life: a lasting change does not keep it open for ever.
 */
class Suspicion implements Gauge {
  readonly timed: boolean
  readonly #settings: Settings
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

  constructor(settings: Settings, clock: Clock) {
    const enough = Math.log(SUSPICIONS * settings.callsPerFalseTrip)
    this.timed = settings.latency
    this.#settings = settings
    this.#clock = clock
    this.#usual = new Baseline(settings.halfLife, roughNow(clock))
    this.#risen = new Evidence(enough, settings.minimumFailures)
    this.#out = new Evidence(enough, settings.minimumFailures)
    this.#slowness = new Evidence(enough, settings.minimumFailures)
    this.#weigh()
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
    const slow = this.timed && ms > this.#usual.slowAfter
    if (this.timed) this.#usual.succeeded(ms)
    else this.#usual.succeeded(0)
    this.#risen.miss()
    this.#out.miss()
    if (slow) return this.#slowed()
    this.#slowness.miss()
    if (this.#risen.none && this.#out.none && this.#slowness.none)
      this.#calls = this.#failures = this.#slow = 0
    else this.#calls++
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
    this.#risen.weigh(
      failing,
      above(failing, rise),
      Math.max(raised(failing, RISEN), above(failing, 2 * rise)),
    )
    this.#out.weigh(failing, above(failing, rise), Math.max(raised(failing, OUT), OUTAGE))
    const slowRise = Math.max(rise, SLOW_RISE)
    this.#slowness.weigh(slow, above(slow, slowRise), Math.max(raised(slow, OUT), OUTAGE))
  }
}

/** `share` and `rise` together, and never all: from a share that is high, half of the way at most. */
function above(share: number, rise: number): number {
  return Math.min(share + rise, (1 + share) / 2)
}
