// For everyone: what calls something that may fail.

export type { BackoffOptions, Jitter } from './backoff.ts'
export {
  type Breaker,
  type BreakerCounts,
  type BreakerEvent,
  type BreakerState,
  type BreakerStatus,
  breaker,
  type CircuitState,
  type CircuitStatus,
  type SavedBreaker,
} from './breaker.ts'
export type { BreakerOptions, ErrorMatch } from './breaker-options.ts'
export { type Budget, type BudgetOptions, type BudgetStatus, budget } from './budget.ts'
export { type Clock, type Random, systemClock } from './clock.ts'
export { consecutive } from './consecutive.ts'
export { type CountWindowOptions, countWindow } from './count-window.ts'
export {
  BreakerOpenError,
  BudgetError,
  ConflictError,
  DeadlineError,
  FallbackError,
  HoldfastError,
  isHoldfastError,
  OptionError,
  RegistryFullError,
  RejectedError,
  TimeoutError,
} from './errors.ts'
export { events, type GiveUpReason, type PolicyEvent } from './events.ts'
export { type FallbackOptions, fallback, type Link } from './fallback.ts'
export type { Outcome } from './outcome.ts'
export { type OutgoingHook, outgoing } from './outgoing.ts'
export { forget, type Kind, type Kinds, reset, status } from './registry.ts'
export { budgetErrorOf, type RetryOptions, type RetryPreset, retry, retryPresets } from './retry.ts'
export type { ThresholdOptions } from './thresholds.ts'
export { type TimeWindowOptions, timeWindow } from './time-window.ts'
export { type TimeoutOptions, timeout } from './timeout.ts'
export type { Call, CallOptions, Work } from './work.ts'
export { type Decorator, type Pipeline, type Policy, wrap } from './wrap.ts'

// For authors of policies.

export { type Backoff, backoff } from './backoff.ts'
export { demand, retryAfterOf } from './errors.ts'
export { type Channel, channel } from './events.ts'
export type { Interruption, Run } from './run.ts'
export type { Hold, Refusal, Stage, Verdict } from './stage.ts'
export type { Gauge, Trip, TripCounts } from './trip.ts'
