import {
  BudgetError,
  ConflictError,
  DeadlineError,
  OptionError,
  RegistryFullError,
  RejectedError,
  UnknownNameError,
} from '../errors.ts'

/**
 * Whether a failure may be worth another attempt: not one of our own refusals, no mistake in how Holdfast is called, and none that says
 * `retryable: false`.
 */
export function isRetryable(error: unknown): boolean {
  if (final.some((kind) => error instanceof kind)) return false
  return (error as { retryable?: unknown } | null | undefined)?.retryable !== false
}

const final = [
  RejectedError,
  BudgetError,
  DeadlineError,
  OptionError,
  UnknownNameError,
  ConflictError,
  RegistryFullError,
]
