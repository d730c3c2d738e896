import { claim } from '../named/registry.ts'
import type { Stage } from '../pipeline/stage.ts'
import { type BreakerOptions, settle } from './breaker-options.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { TripCounts } from './trip.ts'

/** The states of a breaker. `observed` counts and tells when it would have opened, `disabled` does neither; both admit all. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated' | 'disabled' | 'observed'

/** `calls` were admitted, `probes` of them while half-open; `rejected` were not; `ignored` outcomes counted as neither success nor failure. */
export interface BreakerCounts {
  readonly calls: number
  readonly probes: number
  readonly successes: number
  readonly failures: number
  readonly ignored: number
  readonly rejected: number
}

/** What a breaker, or one key of it, is, and what it has counted since it was made. */
export interface CircuitStatus {
  readonly is: BreakerState
  /** Failures that may open it: in a row, or in its window. */
  readonly failures: number
  /** What its trip has in its window. */
  readonly window: TripCounts
  /** Ms until it may admit a call: 0 if it would now, `Infinity` while isolated. */
  readonly retryAfter: number
  readonly counts: BreakerCounts
}

/** Of a breaker by key, `keys` are those that are not closed, at most 100, and `keyCount` is how many it keeps in all. */
export interface BreakerStatus extends CircuitStatus {
  readonly name: string
  readonly keys?: readonly (CircuitStatus & { readonly key: string })[]
  readonly keyCount?: number
}

/** What survives a restart of one circuit: `remaining` is the ms that it stays open, never a time of day. */
export type CircuitState =
  | { readonly is: 'closed' | 'isolated' | 'disabled' | 'observed' }
  | { readonly is: 'open'; readonly remaining: number; readonly relapses: number }

/** A breaker's state as plain data, and that of each key that is not closed. */
export type SavedBreaker = CircuitState & { readonly keys?: Readonly<Record<string, CircuitState>> }

/**
 * What happens to a breaker, or to one `key` of it. `openFor` and `retryAfter` are ms; `error` is the failure that opened it, undefined if
 * it was a slow call.
 */
export type BreakerEvent = { policy: string; key?: string } & (
  | { type: 'breaker.opened'; openFor: number; error: unknown }
  | { type: 'breaker.half-opened' }
  | { type: 'breaker.closed' }
  | { type: 'breaker.isolated' | 'breaker.disabled' | 'breaker.observed' }
  | { type: 'breaker.would-open'; error: unknown }
  | { type: 'breaker.rejected'; retryAfter: number }
)

/** A breaker: a stage for any number of pipelines, and the switch on it. Where a `key` may be given, it is for that key alone. */
export interface Breaker extends Stage {
  status(key?: string): BreakerStatus
  /** Closes it, and every key, and forgets every failure. */
  reset(key?: string): void
  /** Admits nothing until `reset`. */
  isolate(key?: string): void
  /** Admits everything and decides nothing until `reset`. */
  disable(key?: string): void
  /** Admits everything, counts, and tells when it would have opened (`breaker.would-open`), until `reset`. */
  observe(key?: string): void
  /** Changes options while it runs; its states, and what it counted in a window of the same length, stay. */
  configure(options: Omit<BreakerOptions, 'clock' | 'perKey' | 'maxKeys'>): void
  /** Its state as plain data, to be kept over a restart. */
  save(): SavedBreaker
  /** Takes up a saved state; a saved half-open breaker is one that probes at its first call. */
  restore(saved: SavedBreaker): void
  /** Listens to this breaker alone; the answer stops that. */
  on(listener: (event: BreakerEvent) => void): () => void
}

/**
 * Stops calling what keeps failing: closed, open for a while, then half-open for a few probes.
 *
 * Refuses with `BreakerOpenError`. A timeout or a passed deadline is a failure; the caller's abort counts as nothing. An error with
 * `retryAfter` (ms) that opens it keeps it open at least that long. With a name it is the same breaker everywhere in the process, without one
 * it is the caller's own. Throws `ConflictError` if the name exists with other options (functions are compared by identity).
 */
export function breaker(name: string, options?: BreakerOptions): Breaker
export function breaker(options?: BreakerOptions): Breaker
export function breaker(first: string | BreakerOptions = {}, options?: BreakerOptions): Breaker {
  if (typeof first !== 'string') return new CircuitBreaker('breaker', first)
  return claim(
    'breaker',
    first,
    options && settle(options).settings,
    () => new CircuitBreaker(first, options ?? {}),
  )
}
