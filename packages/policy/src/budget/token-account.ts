import type { Account } from './account.ts'
import type { BudgetUsage } from './budget-usage.ts'

export interface TokenSettings {
  readonly maxTokens: number
  readonly tokenRatio: number
}

/** Tokens are counted in thousandths, as whole numbers, so that ten times 0.1 is 1. */
const PARTS = 1_000

/*
 * I1  0 ≤ `#spent` ≤ `maxTokens`, in thousandths.
 * I2  A retry or hedge is taken only while more than half of the tokens are left, its own reason counted.
 */

/**
 * Each failed attempt costs a token, each success gives `tokenRatio` back, and there are retries and hedges while more than half of them are left.
 *
 * Source: gRPC's `retryThrottling` (proposal A6).
 */
export class TokenAccount implements Account {
  readonly #settings: TokenSettings
  #spent = 0
  #calls = 0
  #retries = 0
  #hedges = 0
  #refused = 0

  constructor(settings: TokenSettings) {
    this.#settings = settings
  }

  get idle(): boolean {
    return this.#spent === 0
  }

  begin(again: boolean): void {
    if (!again) this.#calls++
  }

  withdraw(what: 'retry' | 'hedge', failed: boolean): boolean {
    if (this.#spent + (failed ? PARTS : 0) >= this.#half()) {
      this.#refused++
      return false
    }
    if (failed) this.failed()
    if (what === 'retry') this.#retries++
    else this.#hedges++
    return true
  }

  release(): void {}

  failed(): void {
    this.#spent = Math.min(this.#spent + PARTS, parts(this.#settings.maxTokens))
  }

  end(failed: boolean | undefined): void {
    if (failed) this.failed()
    else if (failed === false) this.#spent = Math.max(0, this.#spent - parts(this.#settings.tokenRatio))
  }

  shortage(): string {
    const { maxTokens } = this.#settings
    return `${this.#tokens()} of ${maxTokens} tokens left, and a failure must leave more than ${maxTokens / 2}`
  }

  usage(): BudgetUsage {
    const { maxTokens } = this.#settings
    return {
      family: 'tokens',
      calls: this.#calls,
      retries: this.#retries,
      hedges: this.#hedges,
      refused: this.#refused,
      allowed: Math.max(0, Math.ceil((this.#half() - this.#spent) / PARTS) - 1),
      tokens: this.#tokens(),
      maxTokens,
    }
  }

  reset(): void {
    this.#spent = this.#calls = this.#retries = this.#hedges = this.#refused = 0
  }

  #tokens(): number {
    return (parts(this.#settings.maxTokens) - this.#spent) / PARTS
  }

  #half(): number {
    return parts(this.#settings.maxTokens) / 2
  }
}

function parts(tokens: number): number {
  return Math.round(tokens * PARTS)
}
