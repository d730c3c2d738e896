import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { context, spanId, type Trace, traceId } from '@holdfast/policy/context'
import { currentTrace, traceHeaders } from '@holdfast/telemetry/traces'
import { headerText, type OutHeaders } from './headers.ts'

/** By which a request is found again, in traces and in logs. */
export interface Identity {
  readonly trace: Trace
  readonly correlation: string
}

/**
 * Who a request is: a place in the trace that it runs in, or else in a new one; and the `X-Correlation-Id` that it came with, if that can be
 * written into a log as it is, or else a new one.
 */
export function identity(headers: IncomingHttpHeaders): Identity {
  const given = headerText(headers['x-correlation-id'])
  return {
    trace: currentTrace() ?? beginning(),
    correlation: given !== undefined && sane.test(given) ? given : randomUUID(),
  }
}

/** The identity as every answer carries it. */
export function identityHeaders({ trace, correlation }: Identity): OutHeaders {
  return { 'x-trace-id': trace.traceId, 'x-correlation-id': correlation }
}

const sane = /^[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}$/

/** Nobody records it here, so it does not claim to be sampled. */
function beginning(): Trace {
  return { traceId: traceId(), spanId: spanId(), sampled: false }
}

/**
 * What tells an upstream whose request it serves: the correlation, and the place in the trace. Where nobody makes spans here, the client's own state
 * of the trace goes along untouched.
 */
export function identityOnward({ traceparent, tracestate }: IncomingHttpHeaders): OutHeaders {
  const { correlation } = context()
  const known: OutHeaders = correlation === undefined ? {} : { 'x-correlation-id': correlation }
  const own = traceHeaders()
  if (own === undefined) return known
  const untouched = own.traceparent === traceparent ? headerText(tracestate) : undefined
  const state = own.tracestate ?? untouched
  return { ...known, traceparent: own.traceparent, ...(state !== undefined && { tracestate: state }) }
}
