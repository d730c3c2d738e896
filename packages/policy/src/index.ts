// For everyone: what calls something that may fail.

export { type AdaptiveOptions, type AdaptiveTrip, adaptive } from './breaker/adaptive.ts'
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
} from './breaker/breaker.ts'
export type { BreakerOptions, ErrorMatch } from './breaker/breaker-options.ts'
export { consecutive } from './breaker/consecutive.ts'
export { type CountWindowOptions, countWindow } from './breaker/count-window.ts'
export type { AdaptiveCounts } from './breaker/suspicion.ts'
export type { ThresholdOptions } from './breaker/thresholds.ts'
export { type TimeWindowOptions, timeWindow } from './breaker/time-window.ts'
export type { Allowance } from './budget/account.ts'
export { type Budget, type BudgetStatus, budget } from './budget/budget.ts'
export type { BudgetFamily } from './budget/budget-family.ts'
export type {
  BudgetOptions,
  BudgetSettings,
  ExpiringOptions,
  FamilyOptions,
} from './budget/budget-settings.ts'
export type { BudgetUsage } from './budget/budget-usage.ts'
export { type InFlightOptions, inFlight } from './budget/in-flight.ts'
export { type RetryTokensOptions, retryTokens } from './budget/retry-tokens.ts'
export { type Chaos, type ChaosOptions, type ChaosStatus, chaos } from './chaos/chaos.ts'
export {
  AnswerError,
  BreakerOpenError,
  BudgetError,
  BulkheadFullError,
  ChaosError,
  ConcurrencyLimitError,
  ConflictError,
  DeadlineError,
  FallbackError,
  HedgeLostError,
  HoldfastError,
  isHoldfastError,
  OptionError,
  RateLimitError,
  RegistryFullError,
  RejectedError,
  TimeoutError,
  UnknownNameError,
} from './errors.ts'
export { events, type GiveUpReason, type PolicyEvent } from './events.ts'
export { type FallbackOptions, fallback, type Link, type NamedLink } from './fallback/fallback.ts'
export type { Fallback, FallbackStatus, LinkStatus } from './fallback/fallback-chain.ts'
export { type Hedge, type HedgeOptions, type HedgeStatus, hedge, type QuantileDelay } from './hedge/hedge.ts'
export {
  type Bulkhead,
  type BulkheadEvent,
  type BulkheadOptions,
  type BulkheadStatus,
  bulkhead,
  type RejectedCounts,
} from './limits/bulkhead.ts'
export {
  type ConcurrencyLimit,
  type ConcurrencyLimitEvent,
  type ConcurrencyLimitOptions,
  type ConcurrencyLimitStatus,
  concurrencyLimit,
} from './limits/concurrency-limit.ts'
export {
  type RateLimit,
  type RateLimitEvent,
  type RateLimitOptions,
  type RateLimitStatus,
  rateLimit,
} from './limits/rate-limit.ts'
export { type NamedPolicy, type PolicyStatus, policy } from './named/policy.ts'
export type { PolicyOptions } from './named/policy-options.ts'
export { type OutsideSystem, outsideSystems, type Preset, preset } from './named/presets.ts'
export { forget, isolate, type Kind, type Kinds, reset, status, statuses } from './named/registry.ts'
export { type ResilientOptions, resilient, under } from './named/resilient.ts'
export {
  type CallCounts,
  type Durations,
  type Statistics,
  type StatisticsOptions,
  type StatisticsStatus,
  statistics,
} from './named/statistics.ts'
export { type Escort, escort } from './pipeline/escort.ts'
export {
  type Leg,
  type LegAttributes,
  type LegCompanion,
  type LegEnd,
  type LegHook,
  type LegStart,
  leg,
  legs,
} from './pipeline/leg.ts'
export type { Outcome } from './pipeline/outcome.ts'
export { type OutgoingHook, outgoing } from './pipeline/outgoing.ts'
export type { Call, CallOptions, Work } from './pipeline/work.ts'
export { type Decorator, type Pipeline, type Policy, wrap } from './pipeline/wrap.ts'
export type { BackoffOptions, Jitter } from './retry/backoff.ts'
export { type AnswerJudge, type FailWhenOptions, failWhen } from './retry/fail-when.ts'
export { type RetryOptions, type RetryPreset, retry, retryPresets } from './retry/retry.ts'
export type { Waits } from './retry/waits.ts'
export { budgetErrorOf } from './retry/withheld.ts'
export { type Cache, type CacheOptions, type CacheStatus, cache } from './reuse/cache.ts'
export { type Coalesce, type CoalesceOptions, type CoalesceStatus, coalesce } from './reuse/coalesce.ts'
export { Lru } from './reuse/lru.ts'
export { type Clock, type Random, systemClock } from './time/clock.ts'
export { type TimeoutOptions, timeout } from './time/timeout.ts'

// For authors of policies.

export type { Gauge, Trip, TripCounts } from './breaker/trip.ts'
export { demand, retryAfterOf } from './errors.ts'
export { type Channel, channel } from './events.ts'
export type { Interruption, Run } from './pipeline/run.ts'
export type { Hold, Refusal, Stage, Verdict } from './pipeline/stage.ts'
export { type Backoff, backoff } from './retry/backoff.ts'
