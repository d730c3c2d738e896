import { BudgetError, demand, RejectedError } from '../errors.ts'
import { same } from '../named/same.ts'
import { demandOptions } from '../options.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { consecutive } from './consecutive.ts'
import type { Trip } from './trip.ts'

/** Which errors are meant: those for which the function answers true, or those of one of the classes. */
export type ErrorMatch = ((error: unknown) => boolean) | readonly (abstract new (...args: never) => unknown)[]

/** When a breaker opens, for how long, and how it finds out that it may close. */
export interface BreakerOptions {
  /** Failures in a row that open it (5): short for `trip: consecutive(failures)`. */
  readonly failures?: number | undefined
  /** What opens it: `consecutive`, `countWindow`, `timeWindow`, `adaptive`, or one of your own. */
  readonly trip?: Trip | undefined
  /** How long it stays open, in ms (60 000); growing with each failed probe if given as a range (`factor` is 2 if left out). */
  readonly openFor?:
    | number
    | { readonly initial: number; readonly max: number; readonly factor?: number | undefined }
    | undefined
  /** Calls admitted at the same time while half-open (1). */
  readonly probes?: number | undefined
  /** Successful probes that close it (1). */
  readonly successes?: number | undefined
  /** Calls beyond the probes that wait for the decision while half-open, instead of being turned away (0). */
  readonly waiting?: number | undefined
  /** Which errors speak against the work (all). One that does not is a success: the work has answered. */
  readonly isFailure?: ErrorMatch | undefined
  /** Which errors count as nothing, neither failure nor success (by default those of policies inside that turned the call away). */
  readonly ignored?: ErrorMatch | undefined
  /** Keeps calls with different `key`s apart, each with states of its own; those without a key are one more. */
  readonly perKey?: boolean | undefined
  /** Keys that are kept (1 000); beyond them the idle ones are dropped first. */
  readonly maxKeys?: number | undefined
  readonly clock?: Clock | undefined
}

/** A breaker's options, all of them given and checked. */
export interface BreakerSettings {
  readonly trip: { readonly kind: string } & Trip['settings']
  readonly openFor: { readonly initial: number; readonly max: number; readonly factor: number }
  readonly probes: number
  readonly successes: number
  readonly waiting: number
  readonly isFailure: ErrorMatch | undefined
  readonly ignored: ErrorMatch
  readonly maxKeys: number
  readonly clock: Clock
}

const names: readonly (keyof BreakerOptions)[] = [
  'failures',
  'trip',
  'openFor',
  'probes',
  'successes',
  'waiting',
  'isFailure',
  'ignored',
  'perKey',
  'maxKeys',
  'clock',
]

/** What was asked for, and what it means. */
export interface Settled {
  readonly options: BreakerOptions
  readonly settings: BreakerSettings
  readonly trip: Trip
}

/** Checks options, fills in the defaults, and makes the trip. */
export function settle(options: BreakerOptions): Settled {
  demandOptions('breaker', options, names)
  const { openFor = 60_000, probes = 1, successes = 1, waiting = 0, clock = systemClock } = options
  const { perKey = false, maxKeys = 1_000, isFailure, ignored = isRefusal } = options
  if (isFailure !== undefined) matcher('isFailure', isFailure)
  matcher('ignored', ignored)
  whole('probes', probes, 1)
  whole('successes', successes, 1)
  whole('waiting', waiting, 0)
  whole('maxKeys', maxKeys, 1)
  demand(
    perKey || options.maxKeys === undefined,
    'breaker.maxKeys',
    maxKeys,
    'left out, or given together with perKey',
  )
  const trip = tripOf(options)
  const settings: BreakerSettings = {
    trip: { kind: trip.kind, ...trip.settings },
    openFor: openTimes(openFor),
    probes,
    successes,
    waiting,
    isFailure,
    ignored,
    maxKeys: perKey ? maxKeys : 0,
    clock,
  }
  const alike = latest !== undefined && latest.trip.gauge === trip.gauge && same(latest.settings, settings)
  if (!alike) latest = { options, settings, trip }
  return latest!
}

/** Breakers are made by the thousand with the same options; those made in a row share what comes of them. */
let latest: Settled | undefined

/** Whether an error says that a policy turned the call away, so that it tells nothing of the work. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RejectedError || error instanceof BudgetError
}

function tripOf({ failures, trip }: BreakerOptions): Trip {
  if (failures !== undefined) whole('failures', failures, 1)
  if (trip === undefined) return consecutive(failures)
  demand(failures === undefined, 'breaker.failures', failures, 'left out where trip is given')
  demand(
    typeof trip?.gauge === 'function',
    'breaker.trip',
    trip,
    'consecutive(), countWindow(), timeWindow() or adaptive()',
  )
  return trip
}

function openTimes(openFor: NonNullable<BreakerOptions['openFor']>): BreakerSettings['openFor'] {
  const range = typeof openFor === 'number' ? { initial: openFor, max: openFor } : openFor
  const { initial, max, factor = 2 } = range
  demand(
    typeof initial === 'number' && initial > 0 && initial < Infinity,
    'breaker.openFor',
    initial,
    'a number of ms above 0',
  )
  demand(
    typeof max === 'number' && max >= initial,
    'breaker.openFor.max',
    max,
    `a number of ms, at least initial (${initial})`,
  )
  demand(typeof factor === 'number' && factor >= 1, 'breaker.openFor.factor', factor, 'a number, at least 1')
  return { initial, max, factor }
}

function whole(option: string, count: number, least: number): void {
  demand(
    Number.isInteger(count) && count >= least,
    `breaker.${option}`,
    count,
    `a whole number from ${least}`,
  )
}

function matcher(option: string, match: ErrorMatch): void {
  const list = Array.isArray(match) && match.every((each) => typeof each === 'function')
  demand(
    typeof match === 'function' || list,
    `breaker.${option}`,
    match,
    'a function, or a list of error classes',
  )
}

/** Whether that error is meant. */
export function matches(match: ErrorMatch, error: unknown): boolean {
  return typeof match === 'function' ? match(error) : match.some((each) => error instanceof each)
}
