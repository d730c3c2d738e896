import { demand } from '../errors.ts'
import { demandOptions } from '../options.ts'
import type { Clock } from '../time/clock.ts'
import { type AdaptiveGauge, Suspicion } from './suspicion.ts'
import type { Trip } from './trip.ts'

/** What an adaptive trip cannot learn. */
export interface AdaptiveOptions {
  /** The rise of the share of failures that is worth opening for, from 0 to 1 (0.05). Where a refused call is simply lost, take 0.5. */
  readonly rise?: number
  /** Fewer failures, or slow calls, than this open nothing (5). */
  readonly minimumFailures?: number
  /** While nothing is wrong it opens at most once in so many calls, on average (1 000 000). */
  readonly callsPerFalseTrip?: number
  /** How long, in ms, until half of what was learned is replaced (1 800 000). A lasting change is taken for usual after a few of them. */
  readonly halfLife?: number
  /** Whether slow calls open it, too (true). Without, it looks at no durations. */
  readonly latency?: boolean
}

/** A trip whose gauges tell what they have learned. */
export interface AdaptiveTrip extends Trip {
  gauge(clock: Clock): AdaptiveGauge
}

/**
 * Opens a breaker when failures, or slow calls, are more than is usual for this work, as learned from the work itself.
 *
 * Five failures in a row are enough where failures are rare, and a few hundred calls where they rise a little. Until anything is known it opens after
 * eleven failures in a row, or when about half of the calls fail. Throws `OptionError`. Source: Page, Continuous Inspection Schemes, 1954.
 */
export function adaptive(options: AdaptiveOptions = {}): AdaptiveTrip {
  const settings = settle(options)
  return { kind: 'adaptive', settings: { ...settings }, gauge: (clock) => new Suspicion(settings, clock) }
}

/** An adaptive trip's options, all of them given and checked. */
export type AdaptiveSettings = Required<AdaptiveOptions>

function settle(options: AdaptiveOptions): AdaptiveSettings {
  demandOptions('adaptive', options, ['rise', 'minimumFailures', 'callsPerFalseTrip', 'halfLife', 'latency'])
  const {
    rise = 0.05,
    minimumFailures = 5,
    callsPerFalseTrip = 1_000_000,
    halfLife = 30 * 60_000,
    latency = true,
  } = options
  demand(rise > 0 && rise < 1, 'adaptive.rise', rise, 'a number above 0 and below 1')
  demand(
    Number.isInteger(minimumFailures) && minimumFailures >= 1,
    'adaptive.minimumFailures',
    minimumFailures,
    'a whole number from 1',
  )
  demand(
    callsPerFalseTrip >= 100 && callsPerFalseTrip < Infinity,
    'adaptive.callsPerFalseTrip',
    callsPerFalseTrip,
    'a number of calls, at least 100',
  )
  demand(halfLife > 0 && halfLife < Infinity, 'adaptive.halfLife', halfLife, 'a number of ms above 0')
  demand(typeof latency === 'boolean', 'adaptive.latency', latency, 'true or false')
  return { rise, minimumFailures, callsPerFalseTrip, halfLife, latency }
}
