import type { Clock } from '../time/clock.ts'
import { Timer } from '../time/timer.ts'

/** A time limit that a call is under; `outer` is the next one further out. */
export abstract class Limit extends Timer {
  abstract readonly outer: Limit | undefined
}

/** The nearest of `deadline` and all limits from `limit` outwards, absolute, in ms on `clock`. */
export function nearest(deadline: number, limit: Limit | undefined, clock: Clock): number {
  let first = deadline
  for (let each = limit; each !== undefined; each = each.outer) first = Math.min(first, each.settle(clock))
  return first
}
