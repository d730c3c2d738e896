import type { Clock } from '../time/clock.ts'

/** When a breaker opens: a description without state, which any number of breakers can share. */
export interface Trip {
  readonly kind: string
  /** What it was made with, every default filled in; two trips of one kind with equal settings are the same. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The memory of one breaker. */
  gauge(clock: Clock): Gauge
}

/** What one breaker remembers of its calls while it is closed, and makes of them. */
export interface Gauge {
  /** Whether `record` needs the duration of every call; looking at the clock twice costs as much as the rest of the breaker. */
  readonly timed: boolean
  /** A call has ended, after `ms` (0 if not `timed`). Answers whether the breaker should open now. */
  record(failed: boolean, ms: number): boolean
  counts(): TripCounts
  /** Whether a call of `ms` was slow: a slow probe speaks against closing. */
  isSlow?(ms: number): boolean
  /** Goes on with the thresholds of `fresh`, which has counted nothing yet; false if its window is of another kind. */
  retune?(fresh: Gauge): boolean
  /** Forgets what spoke against the work: the breaker has closed. What was learned of its ordinary ways may stay. */
  clear(): void
}

/** What a gauge has in its window. `rate` and `slowRate` are from 0 to 1, and 0 while there are no calls. */
export interface TripCounts {
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** Failures since the last success. */
  readonly inARow: number
  readonly rate: number
  readonly slowRate: number
}
