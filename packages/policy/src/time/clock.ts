import { lane } from './lane.ts'
import { coarseNow } from './tick.ts'

/** Time as an argument: everything in this package that waits or measures does it on one of these. */
export interface Clock {
  /** Milliseconds since some fixed moment. Never goes back, whatever happens to the wall clock. */
  now(): number
  /**
   * Calls `fn` once, `ms` from now or a little later, never earlier. The answer cancels; cancelling twice is harmless.
   * `now` spares the clock a look at the time if the caller has just had one; a clock may disregard it.
   */
  after(ms: number, fn: () => void, now?: number): () => void
}

/** Chance as an argument: a number from 0 up to, but not including, 1. */
export type Random = () => number

/**
 * The clock of this machine: `performance.now` and `setTimeout`, for delays of any length.
 *
 * Fractions of a millisecond are rounded up. A pending timer keeps the process alive, a cancelled one does not.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, fn, now = performance.now()) => lane(Math.max(0, Math.ceil(ms))).add(fn, now),
}

/** The time on `clock` for what only counts: on the system clock it may be some ms old, and costs next to nothing. */
export function roughNow(clock: Clock): number {
  return clock === systemClock ? coarseNow() : clock.now()
}
