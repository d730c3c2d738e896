import { type Clock, systemClock } from './clock.ts'
import { demand } from './errors.ts'
import { claim } from './registry.ts'

/** How many retries a budget allows. */
export interface BudgetOptions {
  /** Retries per call. */
  readonly ratio?: number
  /** Retries per second that are allowed however few calls there are. */
  readonly minPerSecond?: number
  /** How long calls and retries count, in ms. */
  readonly window?: number
  readonly clock?: Clock
}

/** What a budget has seen in its window, and what it allows. */
export interface BudgetStatus {
  readonly name: string
  readonly calls: number
  readonly retries: number
  readonly allowed: number
  readonly window: number
}

/** Limits retries to a share of the calls, over all who share it. */
export interface Budget {
  readonly name: string
  readonly clock: Clock
  /** A call begins. */
  deposit(): void
  /** Takes one retry, if there is one. */
  withdraw(): boolean
  status(): BudgetStatus
  /** Forgets what it has counted. */
  reset(): void
}

/**
 * A retry budget of expiring deposits: each call deposits, each retry withdraws, and both are forgotten after `window`.
 *
 * A retry is allowed while `retries < minPerSecond * window / 1000 + ratio * calls`, by default 10 a second and 20 %. The window
 * moves in tenths. Without a name it is the caller's own; with one it is the same everywhere in the process.
 * Throws `ConflictError` if the name exists with other options.
 * Source: Finagle's `RetryBudget`.
 */
export function budget(name: string, options?: BudgetOptions): Budget
export function budget(options?: BudgetOptions): Budget
export function budget(first: string | BudgetOptions = {}, options?: BudgetOptions): Budget {
  if (typeof first !== 'string') return new ExpiringBudget('budget', settle(first))
  return claim(
    'budget',
    first,
    options && settle(options),
    (asked) => new ExpiringBudget(first, asked ?? settle({})),
  )
}

type Settings = Readonly<Required<BudgetOptions>>

function settle({
  ratio = 0.2,
  minPerSecond = 10,
  window = 10_000,
  clock = systemClock,
}: BudgetOptions): Settings {
  demand(ratio >= 0 && ratio < Infinity, 'budget.ratio', ratio, 'a number, at least 0')
  demand(
    minPerSecond >= 0 && minPerSecond < Infinity,
    'budget.minPerSecond',
    minPerSecond,
    'a number, at least 0',
  )
  demand(window > 0 && window < Infinity, 'budget.window', window, 'a number of ms above 0')
  return { ratio, minPerSecond, window, clock }
}

const BUCKETS = 10

/*
 * I1  `#calls` and `#retries` are the sums of their buckets.
 * I2  A bucket holds one tenth of the window, and is emptied before it is used for another.
 * I3  A withdrawal never takes more than is allowed at that moment.
 */
class ExpiringBudget implements Budget {
  readonly name: string
  readonly settings: Settings
  readonly clock: Clock
  readonly #callsIn = new Float64Array(BUCKETS)
  readonly #retriesIn = new Float64Array(BUCKETS)
  #calls = 0
  #retries = 0
  #tenth: number

  constructor(name: string, settings: Settings) {
    this.name = name
    this.settings = settings
    this.clock = settings.clock
    this.#tenth = this.#now()
  }

  deposit(): void {
    this.#callsIn[this.#bucket()]! += 1
    this.#calls++
  }

  withdraw(): boolean {
    const bucket = this.#bucket()
    if (this.#retries >= this.#allowed()) return false
    this.#retriesIn[bucket]! += 1
    this.#retries++
    return true
  }

  status(): BudgetStatus {
    this.#bucket()
    const allowed = this.#allowed()
    return {
      name: this.name,
      calls: this.#calls,
      retries: this.#retries,
      allowed,
      window: this.settings.window,
    }
  }

  reset(): void {
    this.#callsIn.fill(0)
    this.#retriesIn.fill(0)
    this.#calls = this.#retries = 0
  }

  /** The formula's bound as a count; a billionth less, since 0.07 * 100 is 7.000000000000001. */
  #allowed(): number {
    const { ratio, minPerSecond, window } = this.settings
    return Math.max(0, Math.ceil((minPerSecond * window) / 1_000 + ratio * this.#calls - 1e-9))
  }

  #now(): number {
    return Math.floor((this.clock.now() * BUCKETS) / this.settings.window)
  }

  #bucket(): number {
    const now = this.#now()
    const first = Math.max(this.#tenth + 1, now - BUCKETS + 1)
    for (let tenth = first; tenth <= now; tenth++) this.#empty(tenth % BUCKETS)
    this.#tenth = Math.max(this.#tenth, now)
    return this.#tenth % BUCKETS
  }

  #empty(bucket: number): void {
    this.#calls -= this.#callsIn[bucket]!
    this.#retries -= this.#retriesIn[bucket]!
    this.#callsIn[bucket] = this.#retriesIn[bucket] = 0
  }
}
