import { demand } from '../errors.ts'
import { missing } from '../named/missing.ts'
import { claim } from '../named/registry.ts'
import { demandClock, demandDuration, demandFunction, demandOptions, isNumber } from '../options.ts'
import { askable } from '../pipeline/askable.ts'
import type { Call } from '../pipeline/work.ts'
import type { Decorator } from '../pipeline/wrap.ts'
import { type Clock, type Random, systemClock } from '../time/clock.ts'
import { type Harm, Injector } from './injector.ts'
import { seededRandom } from './seeded-random.ts'

/** How often, for how long and to which calls chaos happens. */
export interface ChaosTerms {
  /** The share of calls it happens to, from 0 to 1. */
  readonly rate: number
  /** The same seed and the same order of calls repeat the same history. */
  readonly seed?: number | undefined
  /** Chance, instead of a seed. */
  readonly random?: Random | undefined
  /** Ends by itself after so many ms, counted from when it is made. By default it does not. */
  readonly for?: number | undefined
  /** Whether it may happen to this call. By default to every one. */
  readonly when?: ((call: Call) => boolean) | undefined
  /** A switch that is looked at for each call. By default on. */
  readonly enabled?: (() => boolean) | undefined
  readonly clock?: Clock | undefined
}

/** What happens: one of four. */
export type ChaosHarm =
  | {
      /** The call fails with this, or with what this makes; with a `ChaosError` if it is not given. The work is not called. */
      readonly fault?: Error | ((call: Call) => unknown) | undefined
      readonly latency?: undefined
      readonly outcome?: undefined
      readonly behaviour?: undefined
    }
  | {
      /** The call waits so many ms, or evenly spread between two numbers of ms, before the work. */
      readonly latency: number | readonly [number, number]
      readonly fault?: undefined
      readonly outcome?: undefined
      readonly behaviour?: undefined
    }
  | {
      /** The call is answered with what this makes. The work is not called. It must fit what the work would answer: types cannot tell. */
      readonly outcome: (call: Call) => unknown
      readonly fault?: undefined
      readonly latency?: undefined
      readonly behaviour?: undefined
    }
  | {
      /** This is done, and waited for, before the work. What it throws fails the call. */
      readonly behaviour: (call: Call) => unknown
      readonly fault?: undefined
      readonly latency?: undefined
      readonly outcome?: undefined
    }

/** What happens, how often, for how long and to which calls. */
export type ChaosOptions = ChaosTerms & ChaosHarm

/** What it does, whether it still does it, and to how many of how many calls it has. */
export interface ChaosStatus {
  readonly name: string
  readonly does: 'fault' | 'latency' | 'outcome' | 'behaviour'
  readonly is: 'on' | 'halted' | 'expired'
  /** Calls it might have happened to: while it was on, enabled, and `when` agreed. */
  readonly seen: number
  readonly injected: number
  /** Calls that it delays at this moment. */
  readonly delayed: number
}

/** A policy that harms the calls it is put around. */
export type Chaos = Decorator & {
  readonly name: string
  readonly settings: object
  status(): ChaosStatus
  /** Ends it for good, at once: calls that it delays go on. */
  halt(): void
  /** Forgets what it has counted. It is as on, halted or expired as before. */
  reset(): void
}

/**
 * Harms a share of the calls on purpose, to see what the policies around it make of that.
 *
 * It does one of four things: `fault`, `latency`, `outcome` or `behaviour`; put several around each other for several. Put it innermost: it then
 * stands for the work. A delay ends with the call's signal. With a name it is the same everywhere in the process; throws `ConflictError` if the
 * name exists with other options, and `UnknownNameError` if it does not exist and none are given.
 * Source: the strategies of Simmy, in Polly.
 */
export function chaos(name: string, options?: ChaosOptions): Chaos
export function chaos(options: ChaosOptions): Chaos
export function chaos(first: string | ChaosOptions, options?: ChaosOptions): Chaos {
  if (typeof first !== 'string') return make('chaos', settle(first))
  return claim('chaos', first, options === undefined ? undefined : settle(options), (asked) =>
    make(first, asked ?? missing('chaos', first)),
  )
}

const terms = ['rate', 'seed', 'random', 'for', 'when', 'enabled', 'clock']
const harms = ['fault', 'latency', 'outcome', 'behaviour'] as const

function settle(options: ChaosOptions) {
  demandOptions('chaos', options, [...terms, ...harms])
  const { rate, seed, random, when = always, enabled = always, clock = systemClock } = options
  const { for: lasts = Infinity, fault, latency, outcome, behaviour } = options
  demand(isNumber(rate) && rate >= 0 && rate <= 1, 'chaos.rate', rate, 'a number from 0 to 1')
  demand(seed === undefined || Number.isInteger(seed), 'chaos.seed', seed, 'a whole number')
  demand(seed === undefined || random === undefined, 'chaos.random', random, 'left out if there is a seed')
  demandDuration('chaos.for', lasts)
  demandClock('chaos.clock', clock)
  const given = harms.filter((harm) => options[harm] !== undefined)
  demand(given.length <= 1, 'chaos', given.join(' and '), `one of ${harms.join(', ')}; nest two for both`)
  for (const [option, fn] of Object.entries({ when, enabled, outcome, behaviour, random })) {
    if (fn !== undefined) demandFunction(`chaos.${option}`, fn)
  }
  const span = Array.isArray(latency) ? latency : [latency ?? 0, latency ?? 0]
  const [least, most] = span as readonly [number, number]
  demand(
    span.length === 2 && span.every(isNumber) && least >= 0 && most >= least && most < Infinity,
    'chaos.latency',
    latency,
    'a number of ms, at least 0, or two of them, the smaller first',
  )
  return { rate, seed, random, for: lasts, when, enabled, clock, fault, latency, outcome, behaviour }
}

const always = () => true

/** Chaos's options, all of them given and checked. */
export type ChaosSettings = ReturnType<typeof settle>

function make(name: string, settings: ChaosSettings): Chaos {
  const { seed, random = seed === undefined ? Math.random : seededRandom(seed) } = settings
  const injector = new Injector(name, settings, { harm: harmOf(settings), random })
  const decorate: Decorator = (work) => (call) => injector.call(work, call)
  return askable(decorate, {
    name,
    settings,
    clock: settings.clock,
    status: () => injector.status(),
    halt: () => injector.halt(),
    reset: () => injector.reset(),
  })
}

function harmOf({ fault, latency, outcome, behaviour }: ChaosSettings): Harm {
  if (outcome !== undefined) return { is: 'outcome', make: outcome }
  if (behaviour !== undefined) return { is: 'behaviour', act: behaviour }
  if (latency === undefined) return { is: 'fault', fault }
  const [least, most] = typeof latency === 'number' ? [latency, latency] : latency
  return { is: 'latency', least, most }
}
