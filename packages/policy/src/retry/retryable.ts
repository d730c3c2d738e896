import { BudgetError, DeadlineError, RejectedError } from '../errors.ts'

/** Whether a failure may be worth another attempt: not one of our own refusals, and none that says `retryable: false`. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof RejectedError || error instanceof BudgetError || error instanceof DeadlineError)
    return false
  return (error as { retryable?: unknown } | null | undefined)?.retryable !== false
}
