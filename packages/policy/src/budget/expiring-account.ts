import { type Clock, roughNow } from '../time/clock.ts'
import type { Account } from './account.ts'
import { type BudgetUsage, extras } from './budget-usage.ts'

/** `window` is in ms. */
export interface ExpiringSettings {
  readonly ratio: number
  readonly minPerSecond: number
  readonly window: number
}

const TENTHS = 10

/** Places of the four counts, for the window and in each of its tenths. */
const CALLS = 0
const RETRIES = 1
const HEDGES = 2
const REFUSED = 3
const COUNTS = 4
const NOTHING: readonly number[] = [0, 0, 0, 0]

/*
 * I1  The first four of `#counts` are the sums of the tenths that follow them.
 * I2  A tenth of the window is emptied before it is used for another.
 * I3  A withdrawal never takes more than is allowed at that moment.
 * I4  An account that was never used holds no counts.
 */

/**
 * Each call deposits, each retry or hedge withdraws, and both are forgotten after the window, which moves in tenths.
 *
 * Source: Finagle's `RetryBudget`.
 */
export class ExpiringAccount implements Account {
  readonly #settings: ExpiringSettings
  readonly #clock: Clock
  #counts: number[] | undefined = undefined
  #tenth = 0

  constructor(settings: ExpiringSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  get idle(): boolean {
    const counts = this.#present()
    return counts[CALLS] === 0 && counts[RETRIES] === 0 && counts[HEDGES] === 0 && counts[REFUSED] === 0
  }

  begin(again: boolean): void {
    if (!again) this.#add(this.#now(), CALLS)
  }

  withdraw(what: 'retry' | 'hedge'): boolean {
    const counts = this.#now()
    const taken = counts[RETRIES]! + counts[HEDGES]! < this.#allowed(counts)
    this.#add(counts, taken ? (what === 'retry' ? RETRIES : HEDGES) : REFUSED)
    return taken
  }

  release(): void {}

  failed(): void {}

  end(): void {}

  shortage(): string {
    const counts = this.#present()
    const used = counts[RETRIES]! + counts[HEDGES]!
    const window = this.#settings.window / 1_000
    return `${used} of ${this.#allowed(counts)} ${extras(counts[HEDGES]!)} used in the last ${window} s`
  }

  usage(): BudgetUsage {
    const counts = this.#present()
    const [calls, retries, hedges, refused] = counts as [number, number, number, number]
    const { window } = this.#settings
    return { family: 'expiring', calls, retries, hedges, refused, allowed: this.#allowed(counts), window }
  }

  reset(): void {
    this.#counts = undefined
  }

  /** The formula's bound as a count; a billionth less, since 0.07 * 100 is 7.000000000000001. */
  #allowed(counts: readonly number[]): number {
    const { ratio, minPerSecond, window } = this.#settings
    return Math.max(0, Math.ceil((minPerSecond * window) / 1_000 + ratio * counts[CALLS]! - 1e-9))
  }

  #add(counts: number[], what: number): void {
    counts[what]!++
    counts[placeOf(this.#tenth) + what]!++
  }

  #present(): readonly number[] {
    return this.#counts === undefined ? NOTHING : this.#now()
  }

  /** The counts, with those that are too old taken out. */
  #now(): number[] {
    const now = Math.floor((roughNow(this.#clock) * TENTHS) / this.#settings.window)
    this.#counts ??= new Array<number>((TENTHS + 1) * COUNTS).fill(0)
    const counts = this.#counts
    if (now > this.#tenth) {
      for (let tenth = Math.max(this.#tenth + 1, now - TENTHS + 1); tenth <= now; tenth++)
        empty(counts, tenth)
      this.#tenth = now
    }
    return counts
  }
}

function placeOf(tenth: number): number {
  return ((tenth % TENTHS) + 1) * COUNTS
}

function empty(counts: number[], tenth: number): void {
  const place = placeOf(tenth)
  for (let what = 0; what < COUNTS; what++) {
    counts[what]! -= counts[place + what]!
    counts[place + what] = 0
  }
}
