import { demand } from '../errors.ts'
import { passed, type ThresholdOptions, type Thresholds, thresholds } from './thresholds.ts'
import type { Gauge, Trip, TripCounts } from './trip.ts'

/** A window of calls, and when what is in it is too much. */
export interface CountWindowOptions extends ThresholdOptions {
  /** How many of the last calls are looked at (100). */
  readonly calls?: number | undefined
}

/**
 * Opens a breaker by the share of failed or slow calls among the last `calls`.
 *
 * Old calls never expire, so it suits a steady stream; where traffic comes and goes, take `timeWindow`.
 */
export function countWindow(options: CountWindowOptions = {}): Trip {
  const { calls = 100 } = options
  demand(Number.isInteger(calls) && calls >= 1, 'countWindow.calls', calls, 'a whole number from 1')
  const limits = thresholds('countWindow', options, 'calls')
  demand(
    limits.minimumCalls <= calls || options.minimumCalls === undefined,
    'countWindow.minimumCalls',
    limits.minimumCalls,
    `at most calls (${calls})`,
  )
  const settings = { calls, ...limits, minimumCalls: Math.min(limits.minimumCalls, calls) }
  return { kind: 'count-window', settings, gauge }
}

/** One function for all, so that equal trips can be told to be equal. */
function gauge(this: Trip): Gauge {
  return new Ring(this.settings as unknown as Settings)
}

type Settings = Thresholds & { readonly calls: number }

/** Two bits a call, in words of 15 calls, which stay small integers everywhere. */
const PER_WORD = 15
const FAILED = 1
const SLOW = 2

/*
 * I1  It holds the last `calls` outcomes, no more.
 * I2  `#failures` and `#slow` are the numbers of their bits in the words.
 */
class Ring implements Gauge {
  #settings: Settings
  /** None before the first call: an idle breaker should be small. */
  #words: number[] | undefined = undefined
  #at = 0
  #calls = 0
  #failures = 0
  #slow = 0
  #inARow = 0

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get timed(): boolean {
    return this.#settings.slowAfter !== Infinity
  }

  isSlow(ms: number): boolean {
    return ms >= this.#settings.slowAfter
  }

  record(failed: boolean, ms: number): boolean {
    const bits = (failed ? FAILED : 0) | (this.isSlow(ms) ? SLOW : 0)
    this.#put(bits)
    this.#inARow = failed ? this.#inARow + 1 : 0
    return bits !== 0 && this.#calls >= this.#settings.minimumCalls && passed(this.#settings, this.counts())
  }

  counts(): TripCounts {
    const [calls, failures, slow] = [this.#calls, this.#failures, this.#slow]
    const all = Math.max(1, calls)
    return { calls, failures, slow, inARow: this.#inARow, rate: failures / all, slowRate: slow / all }
  }

  retune(fresh: Gauge): boolean {
    if (!(fresh instanceof Ring) || fresh.#settings.calls !== this.#settings.calls) return false
    this.#settings = fresh.#settings
    return true
  }

  clear(): void {
    this.#words = undefined
    this.#at = this.#calls = this.#failures = this.#slow = this.#inARow = 0
  }

  #put(bits: number): void {
    this.#words ??= []
    const word = Math.trunc(this.#at / PER_WORD)
    const shift = (this.#at % PER_WORD) * 2
    const before = this.#words[word] ?? 0
    const old = (before >> shift) & 3
    if (old !== bits || word >= this.#words.length) this.#words[word] = before ^ ((old ^ bits) << shift)
    this.#failures += (bits & FAILED) - (old & FAILED)
    this.#slow += ((bits & SLOW) - (old & SLOW)) >> 1
    if (++this.#at === this.#settings.calls) this.#at = 0
    if (this.#calls < this.#settings.calls) this.#calls++
  }
}
