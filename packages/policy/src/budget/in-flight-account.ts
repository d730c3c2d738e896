import type { Account } from './account.ts'
import { type BudgetUsage, extras } from './budget-usage.ts'

export interface InFlightSettings {
  readonly ratio: number
  readonly minConcurrent: number
}

/*
 * I1  `#inFlight` is the calls begun and not ended, `#extra` the retries and hedges taken and not released; a reset changes neither.
 * I2  A withdrawal never takes more than is allowed at that moment.
 */

/**
 * Retries and hedges in flight are a share of the calls in flight; a retry counts from when it is decided on, so while it waits as well.
 *
 * Source: Envoy's `retry_budget` and failsafe-go's `budget`; that waiting retries must count is Envoy's issue 30205.
 */
export class InFlightAccount implements Account {
  readonly #settings: InFlightSettings
  #inFlight = 0
  #extra = 0
  #calls = 0
  #retries = 0
  #hedges = 0
  #refused = 0

  constructor(settings: InFlightSettings) {
    this.#settings = settings
  }

  get idle(): boolean {
    return this.#inFlight === 0 && this.#extra === 0
  }

  begin(again: boolean): void {
    this.#inFlight++
    if (!again) this.#calls++
  }

  withdraw(what: 'retry' | 'hedge'): boolean {
    if (this.#extra >= this.#allowed()) {
      this.#refused++
      return false
    }
    this.#extra++
    if (what === 'retry') this.#retries++
    else this.#hedges++
    return true
  }

  release(): void {
    this.#extra--
  }

  failed(): void {}

  end(): void {
    this.#inFlight--
  }

  shortage(): string {
    const what = extras(this.#hedges)
    return `${this.#extra} of ${this.#allowed()} ${what} in flight, beside ${this.#inFlight} calls`
  }

  usage(): BudgetUsage {
    return {
      family: 'in-flight',
      calls: this.#calls,
      retries: this.#retries,
      hedges: this.#hedges,
      refused: this.#refused,
      allowed: this.#allowed(),
      inFlight: this.#inFlight,
      extra: this.#extra,
    }
  }

  reset(): void {
    this.#calls = this.#retries = this.#hedges = this.#refused = 0
  }

  /** A billionth more, since 0.07 * 300 is 20.999999999999996 or so. */
  #allowed(): number {
    const { ratio, minConcurrent } = this.#settings
    return Math.max(minConcurrent, Math.floor(ratio * this.#inFlight + 1e-9))
  }
}
