import type { Allowance } from '../budget/account.ts'
import type { Budget } from '../budget/budget.ts'
import { BudgetError } from '../errors.ts'
import { events } from '../events.ts'

const withheld = new WeakMap<object, BudgetError>()

/** The `BudgetError` that kept a retry or a hedge from trying again, given the work's error that came out in the end. */
export function budgetErrorOf(error: unknown): BudgetError | undefined {
  return typeof error === 'object' && error !== null ? withheld.get(error) : undefined
}

/** What was asked of a budget in vain, and by which kind of call. */
interface Refused {
  readonly budget: Budget
  readonly allowance: Allowance
  readonly operation: string | undefined
}

/** Tells that a budget had nothing left, and remembers it for `error`. */
export function withhold({ budget, allowance, operation }: Refused, error?: unknown): void {
  const isKept = typeof error === 'object' && error !== null
  if (!isKept && !events.heard) return
  const kind = budget.settings.perOperation ? operation : undefined
  const reason = new BudgetError(budget.name, allowance.shortage(), kind)
  if (isKept) withheld.set(error, reason)
  if (events.heard) events.emit({ type: 'budget.exhausted', policy: budget.name, error: reason })
}
