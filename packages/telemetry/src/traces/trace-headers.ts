import {
  formatTraceparent,
  formatTracestate,
  context as holdfast,
  parseTraceparent,
  parseTracestate,
  type Trace,
  withContext,
} from '@holdfast/policy/context'
import type { Span, SpanContext } from '@opentelemetry/api'
import { api } from './api.ts'

/** What tells the next process which trace it is part of. */
export interface TraceHeaders {
  readonly traceparent: string
  readonly tracestate?: string
}

/** Headers as `node:http` and others have them: lower-case names. */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** The place in the trace from which a request would be sent here: that of the active span, or else of the context; `undefined` outside of any. */
export function currentTrace(): Trace | undefined {
  const active = activeIdentity()
  return active === undefined ? holdfast().trace : traceOf(active)
}

/** The headers for a request that is sent from here, from the place that `currentTrace` tells. */
export function traceHeaders(): TraceHeaders | undefined {
  const active = activeIdentity()
  if (active !== undefined) {
    const traceparent = formatTraceparent(traceOf(active))
    const tracestate = active.traceState?.serialize()
    return tracestate ? { traceparent, tracestate } : { traceparent }
  }
  const { trace } = holdfast()
  return trace && { traceparent: formatTraceparent(trace) }
}

function activeIdentity(): SpanContext | undefined {
  const active = api?.trace.getActiveSpan()?.spanContext()
  return active !== undefined && api!.isSpanContextValid(active) ? active : undefined
}

function traceOf({ traceId, spanId, traceFlags }: SpanContext): Trace {
  return { traceId, spanId, sampled: (traceFlags & 1) === 1 }
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
  const span = remoteSpan(parent, formatTracestate(parseTracestate(tracestate)))
  return api.context.with(api.trace.setSpan(api.context.active(), span), within)
}

/** The sender's span, as the one that is active here; only where there is OpenTelemetry. */
export function remoteSpan({ traceId, spanId, sampled }: Trace, state?: string): Span {
  return api!.trace.wrapSpanContext({
    traceId,
    spanId,
    traceFlags: sampled ? 1 : 0,
    isRemote: true,
    ...(state !== undefined && { traceState: api!.createTraceState(state) }),
  })
}
