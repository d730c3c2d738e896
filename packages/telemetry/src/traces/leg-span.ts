import type { LegCompanion, LegEnd, LegStart } from '@holdfast/policy'
import { context as holdfast } from '@holdfast/policy/context'
import type { Context } from '@opentelemetry/api'
import { api, currentTracer } from './api.ts'
import { fail, insideOf, isUnrecorded } from './in-span.ts'
import { remoteSpan } from './trace-headers.ts'

/** `server` and `client` in OpenTelemetry. */
const KINDS = { server: 1, client: 2 } as const

/** A span for one leg of a call over a wire; below a local span that is not recorded, and without an SDK, there is none. */
export function legSpan({ kind, name, attributes }: LegStart): LegCompanion | undefined {
  const tracer = currentTracer()
  if (tracer === undefined) return undefined
  const { context, trace } = api!
  const around = kind === 'server' ? belowSender(context.active()) : context.active()
  const outer = trace.getSpan(around)
  if (outer !== undefined && isUnrecorded(outer)) return undefined
  const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, around)
  const inside = insideOf(span, around)
  return {
    around: (part) => context.with(inside, part),
    ended(end: LegEnd) {
      if (end.attributes !== undefined) span.setAttributes(end.attributes)
      if (end.is === 'done') span.end()
      else fail(span, end.error, end.attributes?.['error.type'])
    },
  }
}

/**
 * Where what a request brought is the parent. The span that is active here is, only if it is of the same trace: a server's socket goes on in whatever
 * was active when it was made.
 */
function belowSender(around: Context): Context {
  const { trace: sender } = holdfast()
  if (sender === undefined) return around
  const local = api!.trace.getSpan(around)?.spanContext()
  if (local?.traceId === sender.traceId) return around
  return api!.trace.setSpan(around, remoteSpan(sender))
}
