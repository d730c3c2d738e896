import { AsyncResource } from 'node:async_hooks'
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js'
import { type Call, DeadlineError, type Leg, leg, type Pipeline, systemClock } from '@holdfast/policy'
import { type ReceivedHeaders, timeLeftHeader, withEnvelope } from '../envelope.ts'
import { WireFailure } from '../failure.ts'
import { failedLeg } from '../on-leg.ts'
import { endOf, startOf } from './rpc-leg.ts'
import { refusalOf } from './status-of.ts'

/**
 * An interceptor for any server of grpc-js: its handlers run in the context that the call brought.
 *
 * So what a handler calls, over whatever wire, has the trace and the correlation of who asked, what is left of the deadline, and ends when who asked has
 * gone or the deadline passes; the handler says nothing of it. With `admission` (a bulkhead, a concurrency limit, a rate limit) each call but those for
 * health is let in by that pipeline, and counts there until its status is sent: what is turned away is answered with RESOURCE_EXHAUSTED.
 */
export function inContext(admission?: Pipeline): ServerInterceptor {
  return ({ path, requestStream }, call) => {
    const incoming = new Incoming(path, call)
    const pipeline = asksHealth(path) ? undefined : admission
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, go) => incoming.arrive(metadata, () => go(metadata), pipeline),
          onReceiveMessage: (message, go) => incoming.run(() => go(message)),
          onReceiveHalfClose: (go) => (requestStream ? incoming.lastRequest(go) : incoming.run(go)),
          onCancel: () => incoming.cancel(),
        }),
      sendStatus: (sent, next) => {
        incoming.answered(sent.code ?? status.UNKNOWN)
        next(sent)
      },
    })
  }
}

/*
 * One call that a server handles, from its metadata until its status.
 *
 * I1  Whatever reaches the handler reaches it in the context of the call.
 * I2  The signal of that context aborts if the caller goes, or the time is up, before the status was sent, and never after.
 * I3  A stream of requests that was broken off never reaches the handler as one that has ended.
 * I4  A call that was let in is counted until its status was sent or its caller has gone, and once.
 */
class Incoming {
  readonly #path: string
  readonly #call: ServerInterceptingCallInterface
  readonly #gone = new AbortController()
  #over = false
  #cancelled = false
  #context: AsyncResource | undefined = undefined
  #leave: (error?: unknown) => void = () => {}
  #leg: Leg | undefined = undefined

  constructor(path: string, call: ServerInterceptingCallInterface) {
    this.#path = path
    this.#call = call
  }

  run(fn: () => void): void {
    if (this.#context === undefined) fn()
    else this.#context.runInAsyncScope(fn)
  }

  arrive(metadata: Metadata, go: () => void, admission: Pipeline | undefined): void {
    const snapshot = (): void => {
      this.#context = new AsyncResource('GRPC')
    }
    const keep = (): void => {
      if (!asksHealth(this.#path)) this.#leg = leg(() => startOf('server', this.#path))
      if (this.#leg === undefined) snapshot()
      else this.#leg.run(snapshot)
    }
    withEnvelope(this.#received(metadata), keep, this.#gone.signal)
    if (admission === undefined) this.run(go)
    else this.run(() => this.#admit(admission, go))
  }

  /** To grpc-js a stream of requests that was broken off has ended like any other; that it was is known a moment later. */
  lastRequest(go: () => void): void {
    setImmediate(() => {
      if (!this.#cancelled) this.run(go)
    })
  }

  cancel(): void {
    this.#cancelled = true
    if (this.#over) return
    const late = Number(this.#call.getDeadline()) <= Date.now()
    this.#end(
      late ? new DeadlineError(systemClock.now()) : new DOMException('who asked has gone', 'AbortError'),
    )
  }

  answered(code: status): void {
    if (this.#over) return
    this.#over = true
    this.#leg?.end(endOf(code, blamed.has(code)))
    this.#leave(
      blamed.has(code) ? new WireFailure({ class: 'transient', message: `${this.#path} failed` }) : undefined,
    )
  }

  /** Ends what the handler has set off. */
  #end(reason: unknown): void {
    this.#over = true
    this.#gone.abort(reason)
    this.#leg?.end(failedLeg(reason))
    this.#leave(reason)
  }

  #admit(admission: Pipeline, go: () => void): void {
    const handled = Promise.withResolvers<void>()
    this.#leave = (error) => (error === undefined ? handled.resolve() : handled.reject(error))
    handled.promise.catch(() => undefined)
    let entered = false
    const work = (_: Call): Promise<void> => {
      if (!entered && !this.#over) go()
      entered = true
      return handled.promise
    }
    admission(work, { operation: this.#path }).catch((error: unknown) => {
      if (this.#over) return
      this.#end(error)
      this.#call.sendStatus(refusalOf(error))
    })
  }

  #received(metadata: Metadata): ReceivedHeaders {
    const received: Record<string, string> = {}
    const texts = metadata.getMap()
    for (const name in texts) {
      const value = texts[name]
      if (typeof value === 'string') received[name] = value
    }
    const left = Number(this.#call.getDeadline()) - Date.now()
    if (left === Infinity) return received
    const said = received[timeLeftHeader] ?? ''
    const nearest = /^\d{1,12}$/.test(said) ? Math.min(left, Number(said)) : left
    received[timeLeftHeader] = String(Math.max(0, Math.floor(nearest)))
    return received
  }
}

function asksHealth(path: string): boolean {
  return path.startsWith('/grpc.health.v1.Health/')
}

/** Statuses that speak against the server, not against what was asked. */
const blamed: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
])
