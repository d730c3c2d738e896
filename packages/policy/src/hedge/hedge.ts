import { type Budget, isBudget } from '../budget/budget.ts'
import { demand } from '../errors.ts'
import { missing } from '../named/missing.ts'
import { claim } from '../named/registry.ts'
import { type Complete, demandClock, demandFunction, demandOptions, isNumber } from '../options.ts'
import { askable } from '../pipeline/askable.ts'
import type { Decorator } from '../pipeline/wrap.ts'
import { isRetryable } from '../retry/retryable.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { Hedging } from './hedging.ts'
import { Race } from './race.ts'

/** When to ask again while there is no answer. */
export interface HedgeOptions {
  /** How long to wait for an answer first: a number of ms, or a quantile of how long it took of late. */
  readonly delay: number | QuantileDelay
  /** Attempts besides the first: 1 by default. Each waits for `delay` after the one before. */
  readonly max?: number | undefined
  /** Limits the hedges of all who share it. */
  readonly budget?: Budget | undefined
  /** Whether a failure is worth another attempt at once: by default as with `retry`. */
  readonly when?: ((error: unknown) => boolean) | undefined
  /** The clock of the pipeline it is part of. */
  readonly clock?: Clock | undefined
}

/** The time within which a share of `quantile` (0.95: all but one in twenty) of the calls had their first attempt's answer. */
export interface QuantileDelay {
  readonly quantile: number
  /** In ms; it never waits for less. 0 by default. */
  readonly min?: number | undefined
  /** In ms; it never waits for more, and for just this while fewer than 20 answers are known. Without it, there are no hedges until then. */
  readonly max?: number | undefined
}

/** What a hedge has done since it was made or reset. */
export interface HedgeStatus {
  readonly name: string
  readonly calls: number
  /** Attempts besides the first. */
  readonly hedges: number
  /** Calls that such an attempt answered. */
  readonly won: number
  /** Attempts that the budget did not allow. */
  readonly refused: number
  /** How long it would wait now, in ms; `undefined` while too little is known. */
  readonly delay: number | undefined
}

/** A policy under which work is started again that takes too long. */
export type Hedge = Decorator & {
  readonly name: string
  readonly settings: object
  status(): HedgeStatus
  /** Forgets what it has counted and learned; what is in flight goes on. */
  reset(): void
}

export type HedgeSettings = Complete<Omit<HedgeOptions, 'delay' | 'budget'>> & {
  readonly delay: number | Complete<QuantileDelay>
  readonly budget: Budget | undefined
}

/**
 * Starts the work again, beside itself, if it has not answered after `delay`: the first success is the answer.
 *
 * The attempts that lose are aborted with a `HedgeLostError`, and what they do later is ignored. A failure starts the next attempt at once if it is worth
 * one; otherwise the others are waited for. When all have failed the call fails with the last error, as it is. The work must be safe to do twice.
 * With a name it is the same everywhere in the process; throws `ConflictError` if the name exists with other options, `UnknownNameError` if it does not
 * exist and there are none.
 * Source: Dean and Barroso, "The Tail at Scale", 2013.
 */
export function hedge(name: string, options?: HedgeOptions): Hedge
export function hedge(options: HedgeOptions): Hedge
export function hedge(first: string | HedgeOptions, options?: HedgeOptions): Hedge {
  if (typeof first !== 'string') return make('hedge', settle(first))
  return claim('hedge', first, options === undefined ? undefined : settle(options), (asked) =>
    make(first, asked ?? missing('hedge', first)),
  )
}

function make(name: string, settings: HedgeSettings): Hedge {
  const hedging = new Hedging(name, settings)
  return askable((work) => (call) => new Race(hedging, work, call).run(), {
    name,
    settings,
    clock: settings.clock,
    status: () => hedging.status(),
    reset: () => hedging.reset(),
  })
}

function settle(options: HedgeOptions): HedgeSettings {
  demandOptions('hedge', options, ['delay', 'max', 'budget', 'when', 'clock'])
  const { max = 1, budget, when = isRetryable, clock = systemClock } = options
  demand(Number.isInteger(max) && max >= 1, 'hedge.max', max, 'a whole number from 1')
  demandFunction('hedge.when', when)
  demandClock('hedge.clock', clock)
  demand(budget === undefined || isBudget(budget), 'hedge.budget', budget, "a budget, as budget('ai') gives")
  demand(
    budget === undefined || budget.clock === clock,
    'hedge.budget',
    'one on another clock',
    "on the hedge's clock",
  )
  return { delay: settleDelay(options.delay), max, budget, when, clock }
}

function settleDelay(delay: number | QuantileDelay): HedgeSettings['delay'] {
  if (typeof delay !== 'object' || delay === null) {
    demand(
      typeof delay === 'number' && delay >= 0 && delay < Infinity,
      'hedge.delay',
      delay,
      'a number of ms or { quantile, min, max }',
    )
    return delay
  }
  demandOptions('hedge.delay', delay, ['quantile', 'min', 'max'])
  const { quantile, min = 0, max = Infinity } = delay
  demand(
    isNumber(quantile) && quantile > 0 && quantile < 1,
    'hedge.delay.quantile',
    quantile,
    'a number between 0 and 1',
  )
  demand(isNumber(min) && min >= 0 && min < Infinity, 'hedge.delay.min', min, 'a number of ms, at least 0')
  demand(isNumber(max) && max >= min, 'hedge.delay.max', max, `a number of ms, at least min (${min})`)
  return { quantile, min, max }
}
