import { demand } from '../errors.ts'
import { demandOptions, isNumber } from '../options.ts'
import { type BudgetFamily, demandAtLeastNothing } from './budget-family.ts'
import { TokenAccount } from './token-account.ts'

/** A failed attempt costs a token, a success gives `tokenRatio` back; retries and hedges need more than half of `maxTokens`. */
export interface RetryTokensOptions {
  /** Tokens there are to begin with, and the most there ever are: 10 by default. */
  readonly maxTokens?: number | undefined
  /** 0.1 by default; counted in thousandths. */
  readonly tokenRatio?: number | undefined
}

/**
 * The family of budgets that allow retries while most attempts succeed: `budget('ai', { family: retryTokens() })`.
 *
 * Source: gRPC's `retryThrottling` (proposal A6).
 */
export function retryTokens(options: RetryTokensOptions = {}): BudgetFamily {
  demandOptions('retryTokens', options, ['maxTokens', 'tokenRatio'])
  const { maxTokens = 10, tokenRatio = 0.1 } = options
  demand(
    isNumber(maxTokens) && maxTokens >= 1 && maxTokens < Infinity,
    'retryTokens.maxTokens',
    maxTokens,
    'a number, at least 1',
  )
  demandAtLeastNothing('retryTokens.tokenRatio', tokenRatio)
  const settings = { maxTokens, tokenRatio }
  return { kind: 'tokens', settings, open: () => new TokenAccount(settings) }
}
