import { CircuitBreaker } from './circuit-breaker.ts'
import { type Clock, systemClock } from './clock.ts'
import { BudgetError, demand, RejectedError } from './errors.ts'
import { claim } from './registry.ts'
import type { Stage } from './stage.ts'

/** When a breaker opens, for how long, and how it finds out that it may close. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures?: number
  /** How long it stays open, in ms; growing with each failed probe if given as a range (`factor` is 2 if left out). */
  readonly openFor?: number | { readonly initial: number; readonly max: number; readonly factor?: number }
  /** Calls admitted at the same time while half-open. */
  readonly probes?: number
  /** Successful probes that close it. */
  readonly successes?: number
  /** Whether an error speaks against the work. One that does not counts as nothing, neither failure nor success. */
  readonly isFailure?: (error: unknown) => boolean
  readonly clock?: Clock
}

/** What a breaker is, and what it has counted since it was made. */
export interface BreakerStatus {
  readonly name: string
  readonly is: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Failures in a row, while closed. */
  readonly failures: number
  /** Ms until it may admit a call: 0 if it would now, `Infinity` while isolated. */
  readonly retryAfter: number
  readonly counts: BreakerCounts
}

/** `calls` were admitted, `rejected` were not; `ignored` outcomes counted as neither success nor failure. */
export interface BreakerCounts {
  readonly calls: number
  readonly successes: number
  readonly failures: number
  readonly ignored: number
  readonly rejected: number
}

/** What happens to a breaker. `openFor` and `retryAfter` are ms; `error` is the failure that opened it. */
export type BreakerEvent =
  | { type: 'breaker.opened'; policy: string; openFor: number; error: unknown }
  | { type: 'breaker.half-opened'; policy: string }
  | { type: 'breaker.closed'; policy: string }
  | { type: 'breaker.isolated'; policy: string }
  | { type: 'breaker.rejected'; policy: string; retryAfter: number }

/** A breaker: a stage for any number of pipelines, and the switch on it. */
export interface Breaker extends Stage {
  status(): BreakerStatus
  /** Closes it and forgets every failure. */
  reset(): void
  /** Admits nothing until `reset`. */
  isolate(): void
  /** Listens to this breaker alone; the answer stops that. */
  on(listener: (event: BreakerEvent) => void): () => void
}

/**
 * Stops calling what keeps failing: closed, open for a while, then half-open for a few probes.
 *
 * Refuses with `BreakerOpenError`. A timeout or a passed deadline is a failure; the caller's abort counts as nothing, and so, by
 * default, does a refusal by another breaker or a budget inside. An error with `retryAfter` (ms) that opens it keeps it
 * open at least that long. With a name it is the same breaker everywhere in the process, without one it is the caller's own.
 * Throws `ConflictError` if the name exists with other options (functions are compared by identity).
 */
export function breaker(name: string, options?: BreakerOptions): Breaker
export function breaker(options?: BreakerOptions): Breaker
export function breaker(first: string | BreakerOptions = {}, options?: BreakerOptions): Breaker {
  if (typeof first !== 'string') return new CircuitBreaker('breaker', settle(first))
  return claim(
    'breaker',
    first,
    options && settle(options),
    (asked) => new CircuitBreaker(first, asked ?? settle({})),
  )
}

/** A breaker's options, all of them given and checked. */
export type BreakerSettings = ReturnType<typeof settle>

function settle(options: BreakerOptions) {
  const {
    failures = 5,
    openFor = 60_000,
    probes = 1,
    successes = 1,
    isFailure = isEvidence,
    clock = systemClock,
  } = options
  const {
    initial,
    max,
    factor = 2,
  } = typeof openFor === 'number' ? { initial: openFor, max: openFor } : openFor
  for (const [option, count] of Object.entries({ failures, probes, successes })) {
    demand(Number.isInteger(count) && count >= 1, `breaker.${option}`, count, 'a whole number from 1')
  }
  demand(initial > 0 && initial < Infinity, 'breaker.openFor', initial, 'a number of ms above 0')
  demand(max >= initial, 'breaker.openFor.max', max, `a number of ms, at least initial (${initial})`)
  demand(factor >= 1, 'breaker.openFor.factor', factor, 'a number, at least 1')
  return {
    failures,
    openFor: initial,
    openForMax: max,
    openForFactor: factor,
    probes,
    successes,
    isFailure,
    clock,
  }
}

function isEvidence(error: unknown): boolean {
  return !(error instanceof RejectedError || error instanceof BudgetError)
}
