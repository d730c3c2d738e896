import { demand } from '../errors.ts'
import { type Complete, demandClock, demandOptions, demandSwitch, isNumber } from '../options.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { type BudgetFamily, demandAtLeastNothing } from './budget-family.ts'
import { ExpiringAccount } from './expiring-account.ts'

interface Common {
  /** Whether each `operation` of the calls is counted by itself: the 100 last used of them. */
  readonly perOperation?: boolean | undefined
  readonly clock?: Clock | undefined
}

/** Retries and hedges are a share of the calls in a window: `minPerSecond * window / 1000 + ratio * calls`. */
export interface ExpiringOptions extends Common {
  /** Retries and hedges per call: 0.2 by default. */
  readonly ratio?: number | undefined
  /** Retries and hedges per second that are allowed however few calls there are: 10 by default. */
  readonly minPerSecond?: number | undefined
  /** How long calls, retries and hedges count, in ms: 10,000 by default. */
  readonly window?: number | undefined
  readonly family?: undefined
}

/** A budget that counts in another way. */
export interface FamilyOptions extends Common {
  readonly family: BudgetFamily
}

/** How many retries and hedges a budget allows: a share of the calls in a window, or what `family` makes of them. */
export type BudgetOptions = ExpiringOptions | FamilyOptions

/** All that a budget goes by, for `ConflictError` to compare. */
export type BudgetSettings = Complete<Common> & { readonly family: BudgetFamily['kind'] }

/** What a budget is made with. */
export interface Settled {
  readonly settings: BudgetSettings
  readonly family: BudgetFamily
}

/** Budgets made one after the other are mostly alike: those with equal settings share them. */
let latest: Settled | undefined

const NAMES = ['ratio', 'minPerSecond', 'window', 'family', 'perOperation', 'clock']

/** The options with their defaults, checked. */
export function settle(options: BudgetOptions): Settled {
  demandOptions('budget', options, NAMES)
  const { perOperation = false, clock = systemClock } = options
  demandSwitch('budget.perOperation', perOperation)
  demandClock('budget.clock', clock)
  const family = options.family === undefined ? expiring(options) : given(options)
  const settings = { family: family.kind, ...family.settings, perOperation, clock }
  if (latest === undefined || !equal(latest.settings, settings)) latest = { settings, family }
  return latest
}

function given(options: FamilyOptions): BudgetFamily {
  const { family } = options
  demand(
    typeof family?.open === 'function',
    'budget.family',
    family,
    'left out, inFlight() or retryTokens(); their options go there',
  )
  demandOptions('budget', options, ['family', 'perOperation', 'clock'])
  return family
}

function expiring(options: ExpiringOptions): BudgetFamily {
  const { ratio = 0.2, minPerSecond = 10, window = 10_000 } = options
  demandAtLeastNothing('budget.ratio', ratio)
  demandAtLeastNothing('budget.minPerSecond', minPerSecond)
  demand(
    isNumber(window) && window > 0 && window < Infinity,
    'budget.window',
    window,
    'a number of ms above 0',
  )
  const settings = { ratio, minPerSecond, window }
  return { kind: 'expiring', settings, open: (clock) => new ExpiringAccount(settings, clock) }
}

function equal(one: object, other: object): boolean {
  return [one, other].every((each) =>
    Object.keys(each).every((key) => Object.is(Reflect.get(one, key), Reflect.get(other, key))),
  )
}
