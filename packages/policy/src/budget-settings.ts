import { type Clock, systemClock } from './clock.ts'
import { demand, known } from './errors.ts'

interface Common {
  /** Whether each `operation` of the calls is counted by itself: the 100 last used of them. */
  readonly perOperation?: boolean
  readonly clock?: Clock
}

/** Retries and hedges are a share of the calls in a window: `minPerSecond * window / 1000 + ratio * calls`. */
export interface ExpiringOptions extends Common {
  readonly family?: 'expiring'
  /** Retries and hedges per call. */
  readonly ratio?: number
  /** Retries and hedges per second that are allowed however few calls there are. */
  readonly minPerSecond?: number
  /** How long calls, retries and hedges count, in ms. */
  readonly window?: number
}

/** Retries and hedges in flight are a share of the calls in flight: `max(minConcurrent, ratio * calls)`. */
export interface InFlightOptions extends Common {
  readonly family: 'in-flight'
  /** Retries and hedges per call, both in flight. */
  readonly ratio?: number
  /** Retries and hedges that may be in flight however few calls are. */
  readonly minConcurrent?: number
}

/** A failed attempt costs a token, a success gives `tokenRatio` back; retries and hedges need more than half of `maxTokens`. */
export interface TokenOptions extends Common {
  readonly family: 'tokens'
  /** Tokens there are to begin with, and the most there ever are; counted in thousandths. */
  readonly maxTokens?: number
  readonly tokenRatio?: number
}

/** How many retries and hedges a budget allows, by one of three families. */
export type BudgetOptions = ExpiringOptions | InFlightOptions | TokenOptions

export type ExpiringSettings = Readonly<Required<ExpiringOptions>>
export type InFlightSettings = Readonly<Required<InFlightOptions>>
export type TokenSettings = Readonly<Required<TokenOptions>>
export type BudgetSettings = ExpiringSettings | InFlightSettings | TokenSettings

/** Budgets made one after the other are mostly alike: those with equal settings share them. */
let latest: BudgetSettings | undefined

/** The options with their defaults, checked. */
export function settle(options: BudgetOptions): BudgetSettings {
  const settings = settled(options)
  if (latest !== undefined && equal(latest, settings)) return latest
  latest = settings
  return settings
}

function settled(options: BudgetOptions): BudgetSettings {
  const { perOperation = false, clock = systemClock } = options
  demand(typeof perOperation === 'boolean', 'budget.perOperation', perOperation, 'true or false')
  if (options.family === 'in-flight') {
    known('budget', options, ['family', 'ratio', 'minConcurrent', 'perOperation', 'clock'])
    const { family, ratio = 0.2, minConcurrent = 3 } = options
    atLeastNothing('budget.ratio', ratio)
    atLeastNothing('budget.minConcurrent', minConcurrent)
    return { family, ratio, minConcurrent, perOperation, clock }
  }
  if (options.family === 'tokens') {
    known('budget', options, ['family', 'maxTokens', 'tokenRatio', 'perOperation', 'clock'])
    const { family, maxTokens = 10, tokenRatio = 0.1 } = options
    demand(maxTokens >= 1 && maxTokens < Infinity, 'budget.maxTokens', maxTokens, 'a number, at least 1')
    atLeastNothing('budget.tokenRatio', tokenRatio)
    return { family, maxTokens, tokenRatio, perOperation, clock }
  }
  const { family = 'expiring', ratio = 0.2, minPerSecond = 10, window = 10_000 } = options
  demand(family === 'expiring', 'budget.family', family, "'expiring', 'in-flight' or 'tokens'")
  known('budget', options, ['family', 'ratio', 'minPerSecond', 'window', 'perOperation', 'clock'])
  atLeastNothing('budget.ratio', ratio)
  atLeastNothing('budget.minPerSecond', minPerSecond)
  demand(window > 0 && window < Infinity, 'budget.window', window, 'a number of ms above 0')
  return { family, ratio, minPerSecond, window, perOperation, clock }
}

function atLeastNothing(option: string, value: number): void {
  demand(value >= 0 && value < Infinity, option, value, 'a number, at least 0')
}

function equal(one: object, other: object): boolean {
  return Object.keys(one).every((key) => Object.is(Reflect.get(one, key), Reflect.get(other, key)))
}
