import { events, outgoing, type PolicyEvent } from '@holdfast/policy'
import type { Attributes } from '@opentelemetry/api'
import { api } from './api.ts'
import { errorType } from './error-type.ts'
import { traceHeaders } from './trace-headers.ts'

/**
 * Writes what policies do onto the span in which they do it, and sends the span's identity along with every attempt; the answer ends it.
 *
 * Each `PolicyEvent` becomes an event of the active span, under its own `type`; each attempt becomes one named `attempt`, and gets `traceparent` (and
 * `tracestate`) in `call.headers`. Only names, numbers and codes are written: no key, and no error's message.
 */
export function tracePolicies(): () => void {
  const stopListening = events.on(note)
  const stopSending = outgoing((call) => {
    const headers = traceHeaders()
    if (headers !== undefined) Object.assign(call.headers, headers)
    const span = api?.trace.getActiveSpan()
    if (span?.isRecording()) span.addEvent('attempt', { 'holdfast.attempt': call.attempt })
  })
  return () => {
    stopListening()
    stopSending()
  }
}

function note(event: PolicyEvent): void {
  const span = api?.trace.getActiveSpan()
  if (span?.isRecording()) span.addEvent(event.type, attributesOf(event))
}

/** What may be written of an event: of each thing that events tell, either it never holds a secret, or it is not here. */
const SAID = [
  'policy',
  'attempt',
  'attempts',
  'delay',
  'after',
  'reason',
  'from',
  'to',
  'link',
  'state',
  'does',
  'openFor',
  'retryAfter',
  'limit',
  'inFlight',
  'waiting',
  'latency',
  'baseline',
] as const
/** Those that are times say so, as attributes have no type for it. */
const MILLISECONDS: ReadonlySet<string> = new Set([
  'delay',
  'after',
  'openFor',
  'retryAfter',
  'latency',
  'baseline',
])

function attributesOf(event: PolicyEvent): Attributes {
  const attributes: Attributes = {}
  for (const name of SAID) {
    const value: unknown = Reflect.get(event, name)
    if (typeof value !== 'string' && typeof value !== 'number') continue
    attributes[`holdfast.${snake(name)}${MILLISECONDS.has(name) ? '_ms' : ''}`] = value
  }
  if ('error' in event) attributes['error.type'] = errorType(event.error)
  return attributes
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
