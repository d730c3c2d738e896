import { type Call, type CallOptions, type Clock, type Pipeline, systemClock } from '@holdfast/policy'
import { context } from '@holdfast/policy/context'
import type { Dispatcher } from 'undici'
import { type Envelope, envelopeOf } from '../envelope.ts'
import { onLeg } from '../on-leg.ts'
import { MayBeDoneError, Once } from '../once.ts'
import { pipelines } from './default-pipeline.ts'
import { DispatchedAttempt, DispatchFailure, type Dispatching } from './dispatched-attempt.ts'
import { clientLeg } from './http-leg.ts'
import { idempotencyHeader, idempotentMethods, isReplayable, usualFailures } from './idempotent.ts'
import { ownDeadline } from './own-deadline.ts'
import { Relay } from './relay.ts'

export interface ResilientDispatchOptions {
  /** The origin that is told of trace, correlation and the time left, unless `envelope` says otherwise. */
  readonly base?: string | URL
  /** Who is told of them: the origin of `base` (unless it is said), everybody, or nobody. */
  readonly envelope?: 'base-origin' | 'always' | false
  /** Statuses that are failures to the pipeline: 408, 425, 429, 500, 502, 503, 504 and 529 unless it is said. */
  readonly failures?: readonly number[]
  /** The one of the pipeline. */
  readonly clock?: Clock
}

/** What a request may say to its pipeline, beside what undici takes: `request(url, { dispatcher, ...told })`. */
export type ResilientRequest = Omit<CallOptions, 'signal'>

/**
 * An interceptor of undici that puts requests behind a pipeline, by the rules of `resilientFetch`: `new Agent().compose(resilientDispatch(pipeline))`.
 *
 * When the pipeline gives up, the caller gets the last answer as it is, or what undici failed with. An answer is given as it comes: one that breaks off on
 * the way is not asked for again. Bodies are under the limits of their attempt.
 */
export function resilientDispatch(
  pipeline?: Pipeline,
  options: ResilientDispatchOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  const { envelope = 'base-origin', clock = systemClock } = options
  const base = options.base === undefined ? undefined : new URL(options.base).origin
  const failures = new Set(options.failures ?? usualFailures)
  const pipelineOf = pipeline === undefined ? pipelines(clock) : () => pipeline

  return (dispatch) => (request, handler) => {
    const { deadline, within, key, operation, priority } = request as CallOptions
    const origin = request.origin === undefined ? '' : new URL(request.origin).origin
    const idempotent =
      request.idempotent ??
      (idempotentMethods.has(request.method) || carries(request.headers, idempotencyHeader))
    const gone = new AbortController()
    const signal = joined(gone.signal, (request as { readonly signal?: unknown }).signal)
    const limits = { signal, deadline, within, key, operation, priority }
    const relay = new Relay(handler, (reason) => gone.abort(reason))
    const replayable = isReplayable(request.body)
    const about: Dispatching = {
      what: `${request.method} ${origin}${request.path.replace(/\?.*/s, '')}`,
      relay,
      once: new Once(idempotent && replayable),
      idempotent,
      replayable,
      failures,
      deadline: ownDeadline(limits, clock),
      clock,
      around: context().signal,
    }
    const told = envelope === 'always' || (envelope !== false && origin === base)
    let last: DispatchedAttempt | undefined

    const ask = (call: Call): Promise<{ readonly status: number }> => {
      about.once.begin(call)
      last?.drop()
      const attempt = new DispatchedAttempt(about, call)
      last = attempt
      const headers = told ? withEnvelope(request.headers, envelopeOf(call, clock)) : request.headers
      dispatch(headers === request.headers ? request : { ...request, headers: headers ?? null }, attempt)
      return attempt.answered.promise
    }
    const legged = (call: Call) =>
      origin === ''
        ? ask(call)
        : onLeg(clientLeg(request.method, `${origin}${request.path}`, call.attempt), () => ask(call))

    pipelineOf(origin)(legged, limits).catch((thrown: unknown) => {
      const error = thrown instanceof MayBeDoneError ? (thrown.cause ?? thrown) : thrown
      if (error instanceof DispatchFailure && error.attempt.release()) return
      last?.drop()
      relay.fail(undici(error))
    })
    return true
  }
}

/** What who uses undici is given for what a pipeline threw. */
function undici(error: unknown): unknown {
  return error instanceof DispatchFailure ? (error.cause ?? error) : error
}

function joined(own: AbortSignal, given: unknown): AbortSignal {
  return given instanceof AbortSignal ? AbortSignal.any([own, given]) : own
}

type Headers = Dispatcher.DispatchOptions['headers']

/** The headers and the envelope, as undici takes them; what the caller says itself stands. */
function withEnvelope(headers: Headers, envelope: Envelope): Headers {
  const added = Object.entries(envelope).filter(([name]) => !carries(headers, name))
  if (headers === null || headers === undefined) return Object.fromEntries(added)
  if (Array.isArray(headers)) return [...(headers as string[]), ...added.flat()]
  if (Symbol.iterator in headers) return [...headers, ...added] as never
  return { ...headers, ...Object.fromEntries(added) }
}

function carries(headers: Headers, name: string): boolean {
  return names(headers).some((each) => each.toLowerCase() === name)
}

function names(headers: Headers): readonly string[] {
  if (headers === null || headers === undefined) return []
  if (Array.isArray(headers)) return (headers as string[]).filter((_, at) => at % 2 === 0)
  if (Symbol.iterator in headers) return [...headers].map(([name]) => String(name))
  return Object.keys(headers)
}
