import type { HrTime } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/** Why a trace was kept: the first of these that holds. */
export type KeptBecause = 'sampled' | 'failed' | 'slow'

/** One span, as plain data. Times are ms since 1970, durations ms. */
export interface SpanRecord {
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  readonly startedAt: number
  readonly duration: number
  readonly status: 'ok' | 'failed'
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly SpanEvent[]
}

export interface SpanEvent {
  readonly name: string
  readonly at: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** What this process did for one trace: the spans from its local root on, in the order in which they ended. */
export interface TraceRecord {
  readonly traceId: string
  /** Of the local root. */
  readonly name: string
  readonly startedAt: number
  readonly duration: number
  /** Whether any of its spans failed. */
  readonly status: 'ok' | 'failed'
  readonly kept: KeptBecause
  readonly spans: readonly SpanRecord[]
  /** Spans that there was no room for. */
  readonly dropped: number
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const

/** As plain data, to be read and sent. */
export function spanRecord(span: ReadableSpan): SpanRecord {
  return {
    spanId: span.spanContext().spanId,
    parentId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: KINDS[span.kind] ?? 'internal',
    startedAt: milliseconds(span.startTime),
    duration: milliseconds(span.duration),
    status: hasFailed(span) ? 'failed' : 'ok',
    attributes: { ...span.attributes },
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      at: milliseconds(time),
      attributes: { ...attributes },
    })),
  }
}

export function hasFailed(span: ReadableSpan): boolean {
  return span.status.code === 2
}

export function milliseconds([seconds, nanoseconds]: HrTime): number {
  return seconds * 1_000 + nanoseconds / 1_000_000
}
