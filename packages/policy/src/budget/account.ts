import type { Keepable } from '../named/keyed.ts'
import type { BudgetUsage } from './budget-usage.ts'

/** What a call may do with the budget it has begun with. Nothing may follow `end`. */
export interface Allowance {
  /** Takes one retry or hedge, if there is one. `failed`: a failed attempt is the reason; it is counted if one is taken. */
  withdraw(what: 'retry' | 'hedge', failed: boolean): boolean
  /** A retry or hedge that was taken has ended; to be said once for each. */
  release(): void
  /** An attempt failed, and nothing was taken for it: others of the call go on. */
  failed(): void
  /** The call has ended. `failed`: how its last attempt did; nothing, if that tells nothing about who was called. */
  end(failed: boolean | undefined): void
  /** Why there is no retry and no hedge left, in words. */
  shortage(): string
}

/** What a budget keeps for all calls, or for those of one operation. */
export interface Account extends Allowance, Keepable {
  /** A call begins; `again`: it had ended here before, and was brought back. */
  begin(again: boolean): void
  usage(): BudgetUsage
  /** Forgets what it has counted, but not what is in flight. */
  reset(): void
}
