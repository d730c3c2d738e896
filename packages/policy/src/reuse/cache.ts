import { demand } from '../errors.ts'
import { missing } from '../named/missing.ts'
import { claim } from '../named/registry.ts'
import {
  atOnce,
  type Complete,
  demandClock,
  demandDuration,
  demandFunction,
  demandOptions,
  isNumber,
} from '../options.ts'
import { askable } from '../pipeline/askable.ts'
import type { Call } from '../pipeline/work.ts'
import type { Decorator } from '../pipeline/wrap.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { AnswerCache } from './answer-cache.ts'
import { keyOf } from './coalesce.ts'

/** How long and how much to keep. `V` is the type of the values that are looked at; say it there: `sizeOf: (page: Page) => page.length`. */
export interface CacheOptions<V = unknown> {
  /** How long an answer is fresh, in ms; `Infinity` for what never changes. */
  readonly ttl: number
  /** For how many ms after that it is still given at once, while it is fetched anew in the background. 0 by default. */
  readonly staleWhileRevalidate?: number | undefined
  /** For how many ms after `ttl` it is still given when the work fails. 0 by default. */
  readonly staleIfError?: number | undefined
  /** Answers to keep, 1,000 by default; the one not used for the longest goes first. */
  readonly max?: number | undefined
  /** What all answers together may have in size, in the unit of `sizeOf`. */
  readonly maxSize?: number | undefined
  readonly sizeOf?: ((value: V) => number) | undefined
  /** What the call asks for; a call without a key is not cached. By default the key that the caller gave. */
  readonly key?: ((call: Call) => string | undefined) | undefined
  /** Whether an answer may be kept. By default every one. */
  readonly cacheable?: ((value: V) => boolean) | undefined
  readonly clock?: Clock | undefined
}

/** What is kept now, and how calls with a key were answered so far. */
export interface CacheStatus {
  readonly name: string
  /** Answers kept, expired ones included until they are asked for or must go. */
  readonly size: number
  /** The sum of what `sizeOf` says of them. */
  readonly totalSize: number
  /** Runs of work, refreshes included, whose answer would be kept. */
  readonly inFlight: number
  /** Answered from memory while fresh. */
  readonly hits: number
  /** Answered from memory while stale. */
  readonly staleHits: number
  /** Had to wait for the work. */
  readonly misses: number
  /** Of the misses, those that got an old answer because the work failed. */
  readonly errorsAnswered: number
  /** Runs of work in the background. */
  readonly refreshes: number
  readonly refreshesFailed: number
}

/** A policy under which answers are kept for a while. */
export type Cache = Decorator & {
  readonly name: string
  readonly settings: object
  status(): CacheStatus
  /** Drops the answer of that key, and that of work already on its way; says whether there was one of either. */
  invalidate(key: string): boolean
  /** Drops every answer, those on their way included. */
  clear(): void
  /** The same, and forgets what it has counted. */
  reset(): void
}

/**
 * Answers from memory what was answered before, for calls with a key.
 *
 * Younger than `ttl`: from memory. For `staleWhileRevalidate` ms more: from memory, and once in the background from the work. Otherwise from the
 * work, which all calls with that key share as under `coalesce`; if it fails within `staleIfError` ms after `ttl`, from memory. Ages are exact to
 * 8 ms on the system clock, and no timer waits for them. Values are kept as they are and shared by all callers: do not change them, and keep
 * nothing that can be read only once. A background refresh has no caller's signal, and is given up after `staleWhileRevalidate` ms.
 * With a name it is the same everywhere in the process; throws `ConflictError` if the name exists with other options, and `UnknownNameError` if it
 * does not exist and none are given.
 * Source: RFC 5861, HTTP Cache-Control Extensions for Stale Content.
 */
export function cache<V>(name: string, options?: CacheOptions<V>): Cache
export function cache<V>(options: CacheOptions<V>): Cache
export function cache<V>(first: string | CacheOptions<V>, options?: CacheOptions<V>): Cache {
  if (typeof first !== 'string') return make('cache', settle(first))
  return claim('cache', first, options === undefined ? undefined : settle(options), (asked) =>
    make(first, asked ?? missing('cache', first)),
  )
}

/** A cache's options, all of them given and checked. */
export interface CacheSettings extends Complete<Omit<CacheOptions, 'sizeOf' | 'cacheable'>> {
  readonly sizeOf: (value: unknown) => number
  readonly cacheable: (value: unknown) => boolean
}

function settle<V>(options: CacheOptions<V>): CacheSettings {
  demandOptions('cache', options, names)
  const { ttl, staleWhileRevalidate = 0, staleIfError = 0, max = 1_000, maxSize = Infinity } = options
  const { sizeOf = noSize, key = keyOf, cacheable = always, clock = systemClock } = options
  demandDuration('cache.ttl', ttl)
  for (const [option, ms] of Object.entries({ staleWhileRevalidate, staleIfError })) {
    demand(isNumber(ms) && ms >= 0 && ms < Infinity, `cache.${option}`, ms, 'a number of ms, at least 0')
  }
  demand(Number.isInteger(max) && max >= 1, 'cache.max', max, 'a whole number from 1')
  demand(isNumber(maxSize) && maxSize > 0, 'cache.maxSize', maxSize, 'a number above 0')
  demand(
    (options.sizeOf === undefined) === (options.maxSize === undefined),
    'cache.maxSize',
    maxSize,
    'given together with sizeOf',
  )
  for (const [option, fn] of Object.entries({ sizeOf, key, cacheable })) {
    demandFunction(`cache.${option}`, fn)
  }
  demandClock('cache.clock', clock)
  return {
    ttl,
    staleWhileRevalidate,
    staleIfError,
    max,
    maxSize,
    sizeOf: sizeOf as CacheSettings['sizeOf'],
    key,
    cacheable: cacheable as CacheSettings['cacheable'],
    clock,
  }
}

const names = [
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'max',
  'maxSize',
  'sizeOf',
  'key',
  'cacheable',
  'clock',
]

const noSize = () => 0
const always = () => true

function make(name: string, settings: CacheSettings): Cache {
  const answers = new AnswerCache(name, settings)
  const decorate: Decorator = (work) => (call) => {
    const key = atOnce('cache.key', settings.key(call))
    return key === undefined ? work(call) : answers.answer(key, call, work)
  }
  return askable(decorate, {
    name,
    settings,
    clock: settings.clock,
    status: () => answers.status(),
    invalidate: (key: string) => answers.invalidate(key),
    clear: () => answers.clear(),
    reset: () => answers.reset(),
  })
}
