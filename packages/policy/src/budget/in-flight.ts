import { demandOptions } from '../options.ts'
import type { BudgetFamily } from './budget-family.ts'
import { demandAtLeastNothing } from './budget-family.ts'
import { InFlightAccount } from './in-flight-account.ts'

/** Retries and hedges in flight are a share of the calls in flight: `max(minConcurrent, ratio * calls)`. */
export interface InFlightOptions {
  /** Retries and hedges per call, both in flight: 0.2 by default. */
  readonly ratio?: number | undefined
  /** Retries and hedges that may be in flight however few calls are: 3 by default. */
  readonly minConcurrent?: number | undefined
}

/**
 * The family of budgets that allow a share of what is in flight, for calls that take long: `budget('ai', { family: inFlight() })`.
 *
 * Source: Envoy's `retry_budget`, failsafe-go's `budget`.
 */
export function inFlight(options: InFlightOptions = {}): BudgetFamily {
  demandOptions('inFlight', options, ['ratio', 'minConcurrent'])
  const { ratio = 0.2, minConcurrent = 3 } = options
  demandAtLeastNothing('inFlight.ratio', ratio)
  demandAtLeastNothing('inFlight.minConcurrent', minConcurrent)
  const settings = { ratio, minConcurrent }
  return { kind: 'in-flight', settings, open: () => new InFlightAccount(settings) }
}
