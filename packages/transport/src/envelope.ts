import { type Call, type Clock, systemClock } from '@holdfast/policy'
import {
  type Context,
  context,
  formatTraceparent,
  parseTraceparent,
  withContext,
} from '@holdfast/policy/context'

/** What goes along with a request, whatever the wire: texts by lower-case name, as headers of HTTP, metadata of gRPC and envelopes of ZeroMQ carry them. */
export type Envelope = Readonly<Record<string, string>>

/** By which the request is found in every log. */
export const correlationHeader = 'x-correlation-id'
/** The ms that the sender goes on waiting; relative, since no two machines have the same clock. */
export const timeLeftHeader = 'x-request-timeout-ms'

/**
 * The envelope of a request that `call` sends: what hooks want sent along (`outgoing`), the trace and the correlation of the context, and the time left.
 *
 * Time is left out where there is no limit; none left is 0. `clock` is the one of the call's pipeline.
 */
export function envelopeOf(call: Pick<Call, 'deadline' | 'headers'>, clock: Clock = systemClock): Envelope {
  const { trace, correlation } = context()
  const left = call.deadline - clock.now()
  const envelope: Record<string, string> = {}
  if (trace !== undefined) envelope['traceparent'] = formatTraceparent(trace)
  if (correlation !== undefined) envelope[correlationHeader] = correlation
  if (left < Infinity) envelope[timeLeftHeader] = String(Math.max(0, Math.floor(left)))
  return Object.assign(envelope, call.headers)
}

/** Headers as `node:http` and others have them: lower-case names. */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What a request brought: the trace, the correlation and the deadline of who sent it. Whatever is not well-formed is as if it were not there. */
export function contextOf(received: ReceivedHeaders, clock: Clock = systemClock): Context {
  const trace = parseTraceparent(only(received['traceparent']))
  const correlation = only(received[correlationHeader])
  const left = only(received[timeLeftHeader])
  return {
    ...(trace && { trace }),
    ...(correlation !== undefined && sane.test(correlation) && { correlation }),
    ...(left !== undefined && /^\d{1,12}$/.test(left) && { deadline: clock.now() + Number(left) }),
  }
}

/**
 * Runs `fn`, and all that it sets off, in the context that a request brought: its calls, over whatever wire, have the same trace, the same correlation,
 * and what is left of the same deadline. `signal` ends them when who asked has gone.
 */
export function withEnvelope<T>(received: ReceivedHeaders, fn: () => T, signal?: AbortSignal): T {
  return withContext({ ...contextOf(received), ...(signal && { signal }) }, fn)
}

/** What may stand in a log as it is. */
const sane = /^[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}$/

function only(value: string | readonly string[] | undefined): string | undefined {
  if (typeof value !== 'object') return value
  return value.length === 1 ? value[0] : undefined
}
