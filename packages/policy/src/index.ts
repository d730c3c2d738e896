// For everyone: what calls something that may fail.

export type { Allowance } from './account.ts'
export { type AdaptiveOptions, type AdaptiveTrip, adaptive } from './adaptive.ts'
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
export { type Budget, type BudgetStatus, budget } from './budget.ts'
export type { BudgetFamily } from './budget-family.ts'
export type { BudgetOptions, BudgetSettings, ExpiringOptions, FamilyOptions } from './budget-settings.ts'
export type { BudgetUsage } from './budget-usage.ts'
export {
  type Bulkhead,
  type BulkheadEvent,
  type BulkheadOptions,
  type BulkheadStatus,
  bulkhead,
  type RejectedCounts,
} from './bulkhead.ts'
export { type Cache, type CacheOptions, type CacheStatus, cache } from './cache.ts'
export { type Chaos, type ChaosOptions, type ChaosStatus, chaos } from './chaos.ts'
export { type Clock, type Random, systemClock } from './clock.ts'
export { type Coalesce, type CoalesceOptions, type CoalesceStatus, coalesce } from './coalesce.ts'
export {
  type ConcurrencyLimit,
  type ConcurrencyLimitEvent,
  type ConcurrencyLimitOptions,
  type ConcurrencyLimitStatus,
  concurrencyLimit,
} from './concurrency-limit.ts'
export { consecutive } from './consecutive.ts'
export { type CountWindowOptions, countWindow } from './count-window.ts'
export {
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
export { type FallbackOptions, fallback, type Link, type NamedLink } from './fallback.ts'
export type { Fallback, FallbackStatus, LinkStatus } from './fallback-chain.ts'
export { type Hedge, type HedgeOptions, type HedgeStatus, hedge, type QuantileDelay } from './hedge.ts'
export { type InFlightOptions, inFlight } from './in-flight.ts'
export type { Outcome } from './outcome.ts'
export { type OutgoingHook, outgoing } from './outgoing.ts'
export { type NamedPolicy, type PolicyStatus, policy } from './policy.ts'
export type { PolicyOptions } from './policy-options.ts'
export { type OutsideSystem, outsideSystems, type Preset, preset } from './presets.ts'
export {
  type RateLimit,
  type RateLimitEvent,
  type RateLimitOptions,
  type RateLimitStatus,
  rateLimit,
} from './rate-limit.ts'
export { forget, isolate, type Kind, type Kinds, reset, status, statuses } from './registry.ts'
export { type ResilientOptions, resilient, under } from './resilient.ts'
export { type RetryOptions, type RetryPreset, retry, retryPresets } from './retry.ts'
export { type RetryTokensOptions, retryTokens } from './retry-tokens.ts'
export {
  type CallCounts,
  type Durations,
  type Statistics,
  type StatisticsOptions,
  type StatisticsStatus,
  statistics,
} from './statistics.ts'
export type { AdaptiveCounts } from './suspicion.ts'
export type { ThresholdOptions } from './thresholds.ts'
export { type TimeWindowOptions, timeWindow } from './time-window.ts'
export { type TimeoutOptions, timeout } from './timeout.ts'
export type { Waits } from './waits.ts'
export { budgetErrorOf } from './withheld.ts'
export type { Call, CallOptions, Work } from './work.ts'
export { type Decorator, type Pipeline, type Policy, wrap } from './wrap.ts'

// For authors of policies.

export { type Backoff, backoff } from './backoff.ts'
export { demand, retryAfterOf } from './errors.ts'
export { type Channel, channel } from './events.ts'
export type { Interruption, Run } from './run.ts'
export type { Hold, Refusal, Stage, Verdict } from './stage.ts'
export type { Gauge, Trip, TripCounts } from './trip.ts'
