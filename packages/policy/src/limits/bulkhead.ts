import { demand } from '../errors.ts'
import { missing } from '../named/missing.ts'
import { claim } from '../named/registry.ts'
import { demandClock, demandDuration, demandOptions, demandSwitch } from '../options.ts'
import type { Stage } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import { Compartment } from './compartment.ts'
import { Compartments } from './compartments.ts'
import type { Reason } from './waiting-room.ts'

/** How many calls may be inside at the same time, and how many may wait for how long. */
export interface BulkheadOptions {
  /** Calls inside at the same time. */
  readonly limit: number
  /** Calls that may wait for a place; beyond that they are turned away at once. */
  readonly queue?: number | undefined
  /** The most a call may wait, in ms. */
  readonly maxWait?: number | undefined
  /** Every `key` of a call has a limit and a queue of its own; calls without a key share one. */
  readonly perKey?: boolean | undefined
  /** Keys that may have calls inside at the same time; an idle key takes no room. */
  readonly maxKeys?: number | undefined
  /** Left out, it is the pipeline's own. */
  readonly clock?: Clock | undefined
}

/** What is inside a bulkhead, and what it has turned away since it was made or reset. Of all keys together, if it has keys. */
export interface BulkheadStatus {
  readonly name: string
  /** For each key, if it has keys. */
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly rejected: RejectedCounts
  /** Keys with calls inside, if it has keys. */
  readonly keys?: number
}

/** Calls turned away: for lack of a place, after waiting too long, for one of higher priority. */
export type RejectedCounts = Readonly<Record<Reason, number>>

/** A bulkhead turned a call away: the numbers are those of that moment. */
export interface BulkheadEvent {
  readonly type: 'bulkhead.rejected'
  readonly policy: string
  readonly reason: Reason
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly key: string | undefined
}

/** A bulkhead: a stage for any number of pipelines. */
export interface Bulkhead extends Stage {
  /** Of everything, or of one key; `rejected` is of all keys in any case. */
  status(key?: string): BulkheadStatus
  /** Sets another limit, 0 to let nobody in. Who is inside stays, and counts; who waits comes in as there is room. */
  resize(limit: number): void
  /** Goes back to the limit it was made with, and forgets whom it turned away. Who is inside stays, and counts. */
  reset(): void
}

/**
 * Lets at most `limit` calls in at the same time, and has up to `queue` more wait: higher priority first, then first come, first served.
 *
 * Refuses with `BulkheadFullError`. When the queue is full, a call of higher priority takes the place of the last one in it. Abort, timeout and
 * deadline take a waiting call out at once. With a name it is the same bulkhead everywhere in the process, without one it is the caller's own.
 * Throws `ConflictError` if the name exists with other options, and `UnknownNameError` if it does not exist and none are given.
 */
export function bulkhead(name: string, options?: BulkheadOptions): Bulkhead
export function bulkhead(limit: number): Bulkhead
export function bulkhead(options: BulkheadOptions): Bulkhead
export function bulkhead(first: string | number | BulkheadOptions, options?: BulkheadOptions): Bulkhead {
  if (typeof first === 'number') return make('bulkhead', settle({ limit: first }))
  if (typeof first !== 'string') return make('bulkhead', settle(first))
  return claim('bulkhead', first, options === undefined ? undefined : settle(options), (asked) =>
    make(first, asked ?? missing('bulkhead', first)),
  )
}

/** A bulkhead's options, all of them given and checked. */
export interface BulkheadSettings {
  readonly limit: number
  readonly queue: number
  readonly maxWait: number
  readonly perKey: boolean
  readonly maxKeys: number
  readonly clock: Clock | undefined
}

const NAMES = ['limit', 'queue', 'maxWait', 'perKey', 'maxKeys', 'clock']

/** Bulkheads are made by the thousand with the same options; those made in a row share them. */
let latest: BulkheadSettings | undefined

function settle(options: BulkheadOptions): BulkheadSettings {
  demandOptions('bulkhead', options, NAMES)
  const { limit, queue = 0, maxWait = Infinity, perKey = false, maxKeys = 10_000, clock } = options
  demand(Number.isInteger(limit) && limit >= 1, 'bulkhead.limit', limit, 'a whole number from 1')
  demand(Number.isInteger(queue) && queue >= 0, 'bulkhead.queue', queue, 'a whole number from 0')
  demandDuration('bulkhead.maxWait', maxWait)
  demand(
    options.maxWait === undefined || options.queue !== undefined,
    'bulkhead.maxWait',
    maxWait,
    'left out, or given together with queue: without one nobody waits',
  )
  demand(Number.isInteger(maxKeys) && maxKeys >= 1, 'bulkhead.maxKeys', maxKeys, 'a whole number from 1')
  demandSwitch('bulkhead.perKey', perKey)
  if (clock !== undefined) demandClock('bulkhead.clock', clock)
  const asked = { limit, queue, maxWait, perKey, maxKeys, clock }
  if (latest === undefined || !equal(latest, asked)) latest = asked
  return latest
}

function equal(one: BulkheadSettings, other: BulkheadSettings): boolean {
  return NAMES.every((name) => Object.is(Reflect.get(one, name), Reflect.get(other, name)))
}

function make(name: string, settings: BulkheadSettings): Compartment | Compartments {
  return settings.perKey ? new Compartments(name, settings) : new Compartment(name, settings)
}
