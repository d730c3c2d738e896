import { demand } from '../errors.ts'
import { demandOptions } from '../options.ts'
import type { TripCounts } from './trip.ts'

/** When what is in a window is too much. Rates are from 0 to 1. */
export interface ThresholdOptions {
  /** Opens when this share of the calls failed (0.5). */
  readonly failureRate?: number | undefined
  /** Opens only on this many calls and more (10): two of three says little. */
  readonly minimumCalls?: number | undefined
  /** A call is slow from this many ms on. Without it no call is, and no clock is looked at. */
  readonly slowAfter?: number | undefined
  /** Opens when this share of the calls was slow (0.5). Needs `slowAfter`. */
  readonly slowRate?: number | undefined
  /** Decides instead of the two rates, once there are `minimumCalls`. Asked after each failed or slow call; one that throws does not open. */
  readonly readyToTrip?: ((counts: TripCounts) => boolean) | undefined
}

/** Thresholds with every default filled in. */
export interface Thresholds {
  readonly failureRate: number
  readonly minimumCalls: number
  readonly slowAfter: number
  readonly slowRate: number
  readonly readyToTrip: ((counts: TripCounts) => boolean) | undefined
}

/** Checks thresholds and fills in the defaults. `window` is the name and the options of the window they stand in. */
export function thresholds(where: string, options: ThresholdOptions, own: string): Thresholds {
  demandOptions(where, options, [own, 'failureRate', 'minimumCalls', 'slowAfter', 'slowRate', 'readyToTrip'])
  const { failureRate = 0.5, minimumCalls = 10, slowAfter = Infinity, slowRate = 0.5, readyToTrip } = options
  demand(
    failureRate > 0 && failureRate <= 1,
    `${where}.failureRate`,
    failureRate,
    'a number above 0, at most 1',
  )
  demand(
    typeof slowRate === 'number' && slowRate > 0 && slowRate <= 1,
    `${where}.slowRate`,
    slowRate,
    'a number above 0, at most 1',
  )
  demand(
    typeof slowAfter === 'number' && slowAfter > 0,
    `${where}.slowAfter`,
    slowAfter,
    'a number of ms above 0',
  )
  demand(
    Number.isInteger(minimumCalls) && minimumCalls >= 1,
    `${where}.minimumCalls`,
    minimumCalls,
    'a whole number from 1',
  )
  demand(
    options.slowRate === undefined || options.slowAfter !== undefined,
    `${where}.slowRate`,
    slowRate,
    'left out, or given together with slowAfter',
  )
  return { failureRate, minimumCalls, slowAfter, slowRate, readyToTrip }
}

/** Whether these counts pass the thresholds. */
export function passed(limits: Thresholds, counts: TripCounts): boolean {
  if (counts.calls < limits.minimumCalls) return false
  if (limits.readyToTrip === undefined)
    return counts.rate >= limits.failureRate || counts.slowRate >= limits.slowRate
  try {
    return limits.readyToTrip(counts) === true
  } catch {
    return false
  }
}
