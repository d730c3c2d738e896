import { events } from '../events.ts'
import { claim } from '../named/registry.ts'
import { atOnce, type Complete, demandFunction, demandOptions } from '../options.ts'
import { askable } from '../pipeline/askable.ts'
import type { Call } from '../pipeline/work.ts'
import type { Decorator } from '../pipeline/wrap.ts'
import { Flights } from './flights.ts'

/** What makes two calls the same. */
export interface CoalesceOptions {
  /** What the call asks for; a call without a key is never shared. By default the key that the caller gave. */
  readonly key?: ((call: Call) => string | undefined) | undefined
}

/** What is in flight now, and what has been shared so far. */
export interface CoalesceStatus {
  readonly name: string
  /** Runs of work that a call could join now. */
  readonly inFlight: number
  /** Calls that wait for them. */
  readonly waiting: number
  /** Calls that had a key. */
  readonly calls: number
  /** Those of them that joined a run which another call had begun. */
  readonly shared: number
}

/** A policy under which equal calls share one run of their work. */
export type Coalesce = Decorator & {
  readonly name: string
  readonly settings: object
  status(): CoalesceStatus
  /** Forgets what it has counted; what is in flight goes on. */
  reset(): void
}

/**
 * Calls with the same key at the same time share one run of the work: its value or its very error goes to all of them.
 *
 * A caller who leaves (abort, deadline, a timeout further out) only leaves, at once and with its own reason; the work is aborted when the last one
 * has left, and who comes after that starts anew. The shared work has a signal of its own and no deadline: put a timeout inside.
 * The work of the first caller is the one that runs, so a key must say everything that makes calls differ. With a name it is the same everywhere in
 * the process; throws `ConflictError` if the name exists with another `key`.
 */
export function coalesce(name: string, options?: CoalesceOptions): Coalesce
export function coalesce(options?: CoalesceOptions): Coalesce
export function coalesce(first: string | CoalesceOptions = {}, options?: CoalesceOptions): Coalesce {
  if (typeof first !== 'string') return make('coalesce', settle(first))
  return claim('coalesce', first, options === undefined ? undefined : settle(options), (asked) =>
    make(first, asked ?? settle({})),
  )
}

type Settings = Complete<CoalesceOptions>

function settle(options: CoalesceOptions): Settings {
  demandOptions('coalesce', options, ['key'])
  const { key = keyOf } = options
  demandFunction('coalesce.key', key, 'a function from a call to its key')
  return { key }
}

/** The key that the caller gave. */
export function keyOf(call: Call): string | undefined {
  return call.key
}

function make(name: string, settings: Settings): Coalesce {
  const flights = new Flights()
  let calls = 0
  let shared = 0
  const decorate: Decorator = (work) => (call) => {
    const key = atOnce('coalesce.key', settings.key(call))
    if (key === undefined) return work(call)
    calls++
    if (flights.has(key)) {
      shared++
      if (events.heard) events.emit({ type: 'coalesce.joined', policy: name, key })
    }
    return flights.join(key, call, work)
  }
  return askable(decorate, {
    name,
    settings,
    status: () => ({ name, inFlight: flights.size, waiting: flights.waiting, calls, shared }),
    reset() {
      calls = shared = 0
    },
  })
}
