import {
  formatTraceparent,
  formatTracestate,
  context as holdfast,
  parseTraceparent,
  parseTracestate,
  withContext,
} from '@holdfast/policy/context'
import { api } from './api.ts'

/** What tells the next process which trace it is part of. */
export interface TraceHeaders {
  readonly traceparent: string
  readonly tracestate?: string
}

/** Headers as `node:http` and others have them: lower-case names. */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** The headers for a request that is sent from here: those of the active span, or else of the context's trace; `undefined` outside of any. */
export function traceHeaders(): TraceHeaders | undefined {
  const active = api?.trace.getActiveSpan()?.spanContext()
  if (active !== undefined && api!.isSpanContextValid(active)) {
    const { traceId, spanId, traceFlags, traceState } = active
    const traceparent = formatTraceparent({ traceId, spanId, sampled: (traceFlags & 1) === 1 })
    const tracestate = traceState?.serialize()
    return tracestate ? { traceparent, tracestate } : { traceparent }
  }
  const { trace } = holdfast()
  return trace && { traceparent: formatTraceparent(trace) }
}

/**
 * Runs `fn`, and all that it sets off, as part of the trace that a request came with, if it came with any.
 *
 * Spans inside are children of the sender's. Without OpenTelemetry too, `traceHeaders` and the context hand the trace on.
 */
export function continueTrace<T>(headers: ReceivedHeaders, fn: () => T): T {
  const { traceparent, tracestate } = headers
  const only = typeof traceparent === 'object' && traceparent.length === 1 ? traceparent[0] : traceparent
  const parent = parseTraceparent(only)
  if (parent === undefined) return fn()
  const within = () => withContext({ trace: parent }, fn)
  if (api === undefined) return within()
  const { traceId, spanId, sampled } = parent
  const state = formatTracestate(parseTracestate(tracestate))
  const span = api.trace.wrapSpanContext({
    traceId,
    spanId,
    traceFlags: sampled ? 1 : 0,
    isRemote: true,
    ...(state !== undefined && { traceState: api.createTraceState(state) }),
  })
  return api.context.with(api.trace.setSpan(api.context.active(), span), within)
}
