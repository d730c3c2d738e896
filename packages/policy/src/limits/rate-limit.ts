import { demand } from '../errors.ts'
import { missing } from '../named/missing.ts'
import { claim } from '../named/registry.ts'
import { demandClock, demandDuration, demandOptions, demandSwitch, isNumber } from '../options.ts'
import type { Stage } from '../pipeline/stage.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import type { RejectedCounts } from './bulkhead.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { Reason } from './waiting-room.ts'

/** How many calls may go in a time, how they are counted, and how many may wait for their turn. */
export interface RateLimitOptions {
  /** Calls in `per` ms. */
  readonly limit: number
  /** A time in ms. */
  readonly per: number
  /**
   * `token-bucket`: `limit` tokens come in `per` ms, evenly, and up to `burst` are kept; any time of `w` ms sees at most `burst + w * limit / per`.
   * `sliding-window`: any `per` ms see at most `limit`, exactly, at 8 B for each of them.
   */
  readonly algorithm?: 'token-bucket' | 'sliding-window' | undefined
  /** Calls that may go at once after a quiet time; for a token bucket. */
  readonly burst?: number | undefined
  /** Calls that may wait for their turn; beyond that they are turned away at once. */
  readonly queue?: number | undefined
  /** The most a call may wait, in ms; one whose turn cannot come in time is turned away at once. */
  readonly maxWait?: number | undefined
  /** Every `key` of a call has a rate and a queue of its own; calls without a key share one. */
  readonly perKey?: boolean | undefined
  /** Keys that are remembered; beyond that an idle one is forgotten, or else the one not asked for the longest. */
  readonly maxKeys?: number | undefined
  /** Whether a failure that asks to wait (`retryAfter` in ms) has all other calls wait, too; with `perKey`, those of its key. */
  readonly heed?: boolean | undefined
  readonly clock?: Clock | undefined
}

/** How a rate limit stands, and whom it has turned away since it was made or reset. */
export interface RateLimitStatus {
  readonly name: string
  readonly limit: number
  readonly per: number
  /** Calls that could go now. */
  readonly available: number
  /** Ms until a call could go, if no other comes first: 0 if it could now. */
  readonly retryAfter: number
  readonly waiting: number
  readonly rejected: RejectedCounts
  /** Keys that are remembered, if it has keys; then `available` and `retryAfter` are those of a new one. */
  readonly keys?: number
}

/** A rate limit turned a call away. `retryAfter` is in ms. */
export interface RateLimitEvent {
  readonly type: 'rate-limit.rejected'
  readonly policy: string
  readonly reason: Reason
  readonly retryAfter: number
  readonly waiting: number
  readonly key: string | undefined
}

/** A rate limit: a stage for any number of pipelines. */
export interface RateLimit extends Stage {
  readonly clock: Clock
  /** Of everything, or of one key. */
  status(key?: string): RateLimitStatus
  /** Lets nobody go for that many ms from now, or nobody with that key. A shorter pause than stands changes nothing. */
  pause(ms: number, key?: string): void
  /** Ends every pause, and forgets who has gone and whom it turned away. Who waits goes on as if newly come. */
  reset(): void
}

/**
 * Lets at most `limit` calls go in `per` ms, and has up to `queue` more wait for their turn: higher priority first, then first come, first served.
 *
 * Refuses with `RateLimitError`, whose `retryAfter` (ms) is true: a call made exactly then goes, if no other comes first. A call whose turn cannot come
 * before its deadline or `maxWait` is refused at once. Abort, timeout and deadline take a waiting call out at once. With a name it is the same limit
 * everywhere in the process, without one it is the caller's own. Throws `ConflictError` if the name exists with other options,
 * and `UnknownNameError` if it does not exist and none are given.
 */
export function rateLimit(name: string, options?: RateLimitOptions): RateLimit
export function rateLimit(options: RateLimitOptions): RateLimit
export function rateLimit(first: string | RateLimitOptions, options?: RateLimitOptions): RateLimit {
  if (typeof first !== 'string') return new RateLimiter('rate-limit', settle(first))
  return claim(
    'rateLimit',
    first,
    options === undefined ? undefined : settle(options),
    (asked) => new RateLimiter(first, asked ?? missing('rateLimit', first)),
  )
}

/** A rate limit's options, all of them given and checked. */
export type RateLimitSettings = ReturnType<typeof settle>

const NAMES = [
  ...['limit', 'per', 'algorithm', 'burst', 'queue', 'maxWait', 'perKey', 'maxKeys', 'heed', 'clock'],
]

function settle(options: RateLimitOptions) {
  demandOptions('rateLimit', options, NAMES)
  const {
    limit,
    per,
    algorithm = 'token-bucket',
    burst = limit,
    queue = 0,
    maxWait = Infinity,
    perKey = false,
    maxKeys = 10_000,
    heed = false,
    clock = systemClock,
  } = options
  for (const [option, count] of Object.entries({ limit, burst, maxKeys })) {
    demand(Number.isInteger(count) && count >= 1, `rateLimit.${option}`, count, 'a whole number from 1')
  }
  demand(isNumber(per) && per > 0 && per < Infinity, 'rateLimit.per', per, 'a number of ms above 0')
  const exact = algorithm === 'sliding-window'
  demand(
    exact || algorithm === 'token-bucket',
    'rateLimit.algorithm',
    algorithm,
    "'token-bucket' or 'sliding-window'",
  )
  demand(!exact || burst === limit, 'rateLimit.burst', burst, 'left out for a sliding window')
  demand(!exact || limit <= MOST, 'rateLimit.limit', limit, `at most ${MOST} for a sliding window`)
  demand(Number.isInteger(queue) && queue >= 0, 'rateLimit.queue', queue, 'a whole number from 0')
  demandDuration('rateLimit.maxWait', maxWait)
  demand(
    options.maxWait === undefined || options.queue !== undefined,
    'rateLimit.maxWait',
    maxWait,
    'left out, or given together with queue: without one nobody waits',
  )
  for (const [option, value] of Object.entries({ perKey, heed })) demandSwitch(`rateLimit.${option}`, value)
  demandClock('rateLimit.clock', clock)
  return { limit, per, algorithm, burst, queue, maxWait, perKey, maxKeys, heed, clock }
}

/** A sliding window's log takes 8 B a call. */
const MOST = 1_000_000
