import {
  type Call,
  type Escort,
  escort,
  events,
  legs,
  type Outcome,
  outgoing,
  type PolicyEvent,
} from '@holdfast/policy'
import type { Attributes } from '@opentelemetry/api'
import { activeSpan } from './active-span.ts'
import { currentTracer } from './api.ts'
import { errorType } from './error-type.ts'
import { inSpan } from './in-span.ts'
import { legSpan } from './leg-span.ts'
import { traceHeaders } from './trace-headers.ts'

/**
 * Makes a span of each call through a named policy, and writes what policies do onto the span in which they do it; the answer ends it.
 *
 * The span has the policy's name, is `internal`, and has the name as `holdfast.policy`, too; a call that fails leaves its `error.type`. Each
 * `PolicyEvent` becomes an event of the active span, under its own `type`, and each attempt one named `attempt`. Whoever reads `call.headers` finds the
 * active span's `traceparent` (and `tracestate`) there. Each leg of a call over a wire is a span as well, `client` or `server`, named and described by the
 * wire: a client's is below the span that is active, and what goes out is its identity; a server's is below the one that the request brought. Only names, numbers and codes are written: no key, and no error's message.
 */
export function tracePolicies(): () => void {
  const stops = [
    escort({ around, attempt }),
    events.on(note),
    legs(legSpan),
    outgoing(({ headers }) => Object.assign(headers, traceHeaders())),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const around: Escort['around'] = (policy, call, answers) => {
  const tracer = currentTracer()
  if (tracer === undefined) return call()
  const options = { attributes: { 'holdfast.policy': policy } }
  return inSpan(
    tracer,
    { name: policy, options, failure: answers === 'outcome' ? failureOf : undefined },
    call,
  )
}

/** An outcome that is a failure. */
function failureOf(answer: unknown): { readonly error: unknown } | undefined {
  const outcome = answer as Outcome<unknown>
  return outcome.ok ? undefined : outcome
}

function attempt({ attempt }: Call): void {
  activeSpan()?.addEvent('attempt', { 'holdfast.attempt': attempt })
}

function note(event: PolicyEvent): void {
  activeSpan()?.addEvent(event.type, attributesOf(event))
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
