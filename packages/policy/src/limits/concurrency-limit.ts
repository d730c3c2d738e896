import { BreakerOpenError, demand, RejectedError, retryAfterOf } from '../errors.ts'
import { claim } from '../named/registry.ts'
import { demandClock, demandDuration, demandFunction, demandOptions, isNumber } from '../options.ts'
import type { Stage } from '../pipeline/stage.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import type { RejectedCounts } from './bulkhead.ts'
import { ConcurrencyLimiter } from './concurrency-limiter.ts'
import type { Reason } from './waiting-room.ts'

/** Where a learned limit begins and how far it may go, and how many calls may wait. */
export interface ConcurrencyLimitOptions {
  /** The limit at the beginning. */
  readonly initial?: number | undefined
  /** The limit never falls below. */
  readonly min?: number | undefined
  /** The limit never grows above. */
  readonly max?: number | undefined
  /** The part of the limit, from 0 to 1, that calls of a priority below 0 may use; at least one place. */
  readonly lowPriorityShare?: number | undefined
  /** Calls that may wait for a place; beyond that they are turned away at once. */
  readonly queue?: number | undefined
  /** The most a call may wait, in ms. */
  readonly maxWait?: number | undefined
  /** Whether a failure says that what is behind has too much to do. A timeout always does. */
  readonly isOverload?: ((error: unknown) => boolean) | undefined
  readonly clock?: Clock | undefined
}

/** What a concurrency limit has learned, and whom it has turned away since it was made or reset. */
export interface ConcurrencyLimitStatus {
  readonly name: string
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  /** How long answers took lately, the mean in ms, if any came. */
  readonly latency: number | undefined
  /** How long answers take that need not queue behind, the mean in ms, if it is known yet. */
  readonly baseline: number | undefined
  readonly rejected: RejectedCounts
}

/** What happens to a concurrency limit. `latency` and `baseline` are ms. */
export type ConcurrencyLimitEvent =
  | {
      type: 'concurrency-limit.changed'
      policy: string
      from: number
      to: number
      latency: number | undefined
      baseline: number | undefined
    }
  | {
      type: 'concurrency-limit.rejected'
      policy: string
      reason: Reason
      limit: number
      inFlight: number
      waiting: number
    }

/** A concurrency limit: a stage for any number of pipelines. */
export interface ConcurrencyLimit extends Stage {
  readonly clock: Clock
  status(): ConcurrencyLimitStatus
  /** Forgets what it has learned. Who is inside stays, and counts. */
  reset(): void
}

/**
 * Lets as many calls in at the same time as what is behind can serve, which it learns from how long they take.
 *
 * Refuses with `ConcurrencyLimitError`. An answer that takes longer than without a queue lowers the limit; so does a timeout, a deadline that left the call
 * at least the ordinary time, a failure with `retryAfter`, and a refusal by another policy's limit in the work. Other failures, the caller's abort and
 * whatever happens on the way to the work count as nothing. Calls of a priority below 0 may use a part of the limit only, and so are shed first. With a name it is the same limit everywhere in the
 * process, without one it is the caller's own. Throws `ConflictError` if the name exists with other options.
 */
export function concurrencyLimit(name: string, options?: ConcurrencyLimitOptions): ConcurrencyLimit
export function concurrencyLimit(options?: ConcurrencyLimitOptions): ConcurrencyLimit
export function concurrencyLimit(
  first: string | ConcurrencyLimitOptions = {},
  options?: ConcurrencyLimitOptions,
): ConcurrencyLimit {
  if (typeof first !== 'string') return new ConcurrencyLimiter('concurrency-limit', settle(first))
  return claim(
    'concurrencyLimit',
    first,
    options === undefined ? undefined : settle(options),
    (asked) => new ConcurrencyLimiter(first, asked ?? settle({})),
  )
}

/** A concurrency limit's options, all of them given and checked. */
export type ConcurrencyLimitSettings = ReturnType<typeof settle>

const NAMES = ['initial', 'min', 'max', 'lowPriorityShare', 'queue', 'maxWait', 'isOverload', 'clock']

function settle(options: ConcurrencyLimitOptions) {
  demandOptions('concurrencyLimit', options, NAMES)
  const {
    min = 1,
    max = 1_000,
    initial = Math.min(Math.max(20, min), max),
    lowPriorityShare = 0.5,
    queue = 0,
    maxWait = Infinity,
    isOverload = isSignOfOverload,
    clock = systemClock,
  } = options
  demand(Number.isInteger(min) && min >= 1, 'concurrencyLimit.min', min, 'a whole number from 1')
  demand(
    Number.isInteger(max) && max >= min,
    'concurrencyLimit.max',
    max,
    `a whole number, at least min (${min})`,
  )
  demand(
    Number.isInteger(initial) && initial >= min && initial <= max,
    'concurrencyLimit.initial',
    initial,
    `a whole number from min (${min}) to max (${max})`,
  )
  demand(
    isNumber(lowPriorityShare) && lowPriorityShare >= 0 && lowPriorityShare <= 1,
    'concurrencyLimit.lowPriorityShare',
    lowPriorityShare,
    'a number from 0 to 1',
  )
  demand(Number.isInteger(queue) && queue >= 0, 'concurrencyLimit.queue', queue, 'a whole number from 0')
  demandDuration('concurrencyLimit.maxWait', maxWait)
  demand(
    options.maxWait === undefined || options.queue !== undefined,
    'concurrencyLimit.maxWait',
    maxWait,
    'left out, or given together with queue: without one nobody waits',
  )
  demandFunction('concurrencyLimit.isOverload', isOverload)
  demandClock('concurrencyLimit.clock', clock)
  return { initial, min, max, lowPriorityShare, queue, maxWait, isOverload, clock }
}

/** An open breaker says that something is broken, not that there is too much of it. */
function isSignOfOverload(error: unknown): boolean {
  if (error instanceof BreakerOpenError) return false
  return error instanceof RejectedError || retryAfterOf(error) !== undefined
}
