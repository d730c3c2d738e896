import { AsyncLocalStorage } from 'node:async_hooks'
import { demand } from '../errors.ts'
import { demandOptions } from '../options.ts'
import { keepApart, keepOutside } from '../pipeline/apart.ts'
import { surround } from '../pipeline/surroundings.ts'
import type { CallOptions } from '../pipeline/work.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { runIn } from './run-in.ts'

/** A place in a trace, as W3C Trace Context hands it from process to process: 32 and 16 lower-case hexadecimal digits. */
export interface Trace {
  readonly traceId: string
  /** The span that whatever comes next is a child of. */
  readonly spanId: string
  readonly sampled: boolean
}

/** What everything that happens on behalf of one request has in common. */
export interface Context {
  /** Absolute, in ms on `systemClock`. */
  readonly deadline?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly trace?: Trace | undefined
  /** By which the request is found in the logs of every process. */
  readonly correlation?: string | undefined
}

/*
 * I1  Inside, the deadline is never later than outside, and what aborts the outside aborts the inside.
 * I2  A call that no context stands around is given its own options, untouched.
 * I3  Work that is shared by several callers has nobody's deadline and nobody's signal, but the trace and correlation of who began it.
 */
const storage = new AsyncLocalStorage<Context>()
const nothing: Context = Object.freeze({})

/** The context that this code runs in; empty outside of any. */
export function context(): Context {
  return storage.getStore() ?? nothing
}

/**
 * Runs `fn`, and all that it sets off, in a context: the one around it, changed by what is given here.
 *
 * A deadline can only be brought forward, and a signal only be added to the one there is. Every pipeline that is called inside heeds both, on its own
 * clock. Answers with what `fn` does; it is not itself interrupted.
 */
export function withContext<T>(given: Context, fn: () => T): T {
  demandOptions('withContext', given, ['deadline', 'signal', 'trace', 'correlation'])
  const { deadline = Infinity } = given
  demand(
    typeof deadline === 'number' && !Number.isNaN(deadline),
    'withContext.deadline',
    deadline,
    'a time in ms on systemClock',
  )
  const around = context()
  const { trace = around.trace, correlation = around.correlation } = given
  const nearest = Math.min(deadline, around.deadline ?? Infinity)
  const signal = joined(given.signal, around.signal)
  return runIn(
    storage,
    {
      ...(nearest !== Infinity && { deadline: nearest }),
      ...(signal && { signal }),
      ...(trace && { trace }),
      ...(correlation !== undefined && { correlation }),
    },
    fn,
  )
}

/** What the context adds to what the caller said. */
function limits(options: CallOptions | undefined, clock: Clock): CallOptions | undefined {
  const around = storage.getStore()
  if (around === undefined) return options
  const { deadline, signal } = around
  if (deadline === undefined && signal === undefined) return options
  const own = options?.deadline ?? Infinity
  return {
    within: options?.within,
    deadline: deadline === undefined ? own : Math.min(own, onClock(clock, deadline)),
    signal:
      signal === undefined ? (options?.signal ?? undefined) : joined(options?.signal ?? undefined, signal),
  }
}

surround(limits)
keepOutside(AsyncLocalStorage.snapshot())
keepApart((fn) => {
  const { trace, correlation } = context()
  return runIn(storage, { trace, correlation }, fn)
})

/** The same moment on another clock. */
function onClock(clock: Clock, deadline: number): number {
  return clock === systemClock ? deadline : clock.now() + (deadline - systemClock.now())
}

function joined(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  if (one === undefined || other === undefined || one === other) return one ?? other
  return AbortSignal.any([one, other])
}
