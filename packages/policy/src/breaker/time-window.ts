import { demand } from '../errors.ts'
import { type Clock, roughNow } from '../time/clock.ts'
import { passed, type ThresholdOptions, type Thresholds, thresholds } from './thresholds.ts'
import type { Gauge, Trip, TripCounts } from './trip.ts'

/** A window of time, and when what is in it is too much. */
export interface TimeWindowOptions extends ThresholdOptions {
  /** How long an outcome counts, in ms (10 000). The window moves in tenths. */
  readonly duration?: number | undefined
}

/** Opens a breaker by the share of failed or slow calls among those of the last `duration` ms. */
export function timeWindow(options: TimeWindowOptions = {}): Trip {
  const { duration = 10_000 } = options
  demand(
    typeof duration === 'number' && duration > 0 && duration < Infinity,
    'timeWindow.duration',
    duration,
    'a number of ms above 0',
  )
  const settings = { duration, ...thresholds('timeWindow', options, 'duration') }
  return { kind: 'time-window', settings, gauge }
}

/** One function for all, so that equal trips can be told to be equal. */
function gauge(this: Trip, clock: Clock): Gauge {
  return new Buckets(this.settings as unknown as Settings, clock)
}

type Settings = Thresholds & { readonly duration: number }

const BUCKETS = 10

/*
 * I1  The totals are the sums of the buckets.
 * I2  A bucket holds one tenth of the window, and is emptied before it is used for another, however long nobody called.
 */
class Buckets implements Gauge {
  #settings: Settings
  readonly #clock: Clock
  /** Calls, failures and slow calls of each tenth. */
  readonly #tenths: number[] = []
  #calls = 0
  #failures = 0
  #slow = 0
  #inARow = 0
  #tenth = -Infinity
  #at = 0
  /** When the tenth of now is over. */
  #ends = -Infinity

  constructor(settings: Settings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  get timed(): boolean {
    return this.#settings.slowAfter !== Infinity
  }

  isSlow(ms: number): boolean {
    return ms >= this.#settings.slowAfter
  }

  record(failed: boolean, ms: number): boolean {
    const slow = this.isSlow(ms)
    const at = this.#bucket()
    this.#tenths[at]!++
    this.#calls++
    if (failed) {
      this.#tenths[at + 1]!++
      this.#failures++
    }
    if (slow) {
      this.#tenths[at + 2]!++
      this.#slow++
    }
    this.#inARow = failed ? this.#inARow + 1 : 0
    if (!failed && !slow) return false
    return this.#calls >= this.#settings.minimumCalls && passed(this.#settings, this.#counted())
  }

  counts(): TripCounts {
    this.#bucket()
    return this.#counted()
  }

  retune(fresh: Gauge): boolean {
    if (!(fresh instanceof Buckets) || fresh.#settings.duration !== this.#settings.duration) return false
    this.#settings = fresh.#settings
    return true
  }

  clear(): void {
    this.#tenths.length = 0
    this.#calls = this.#failures = this.#slow = this.#inARow = 0
    this.#tenth = this.#ends = -Infinity
  }

  #counted(): TripCounts {
    const [calls, failures, slow] = [this.#calls, this.#failures, this.#slow]
    const all = Math.max(1, calls)
    return { calls, failures, slow, inARow: this.#inARow, rate: failures / all, slowRate: slow / all }
  }

  /** Where the counts of now are, after what has expired was taken out. */
  #bucket(): number {
    const now = roughNow(this.#clock)
    if (now >= this.#ends) this.#turn(Math.floor((now * BUCKETS) / this.#settings.duration))
    return this.#at
  }

  #turn(now: number): void {
    if (this.#tenths.length === 0) for (let at = 0; at < BUCKETS * 3; at++) this.#tenths.push(0)
    const first = Math.max(this.#tenth + 1, now - BUCKETS + 1)
    for (let tenth = first; tenth <= now; tenth++) this.#empty(slot(tenth))
    this.#tenth = now
    this.#at = slot(now)
    this.#ends = ((now + 1) * this.#settings.duration) / BUCKETS
  }

  #empty(at: number): void {
    this.#calls -= this.#tenths[at]!
    this.#failures -= this.#tenths[at + 1]!
    this.#slow -= this.#tenths[at + 2]!
    this.#tenths[at] = this.#tenths[at + 1] = this.#tenths[at + 2] = 0
  }
}

/** Where a tenth's counts are. */
function slot(tenth: number): number {
  return (((tenth % BUCKETS) + BUCKETS) % BUCKETS) * 3
}
