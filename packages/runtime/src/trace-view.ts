import type { SpanRecord, TraceRecord } from '@holdfast/telemetry/tracing'

/** A trace in a list of them. `startedAt` is ms since 1970, `duration` ms. */
export interface TraceSummary {
  readonly id: string
  /** Of its root. */
  readonly name: string
  readonly startedAt: number
  readonly duration: number
  readonly status: 'ok' | 'failed'
  readonly correlation: string | undefined
  /** How many there are. */
  readonly spans: number
}

/** A trace as a whole; its spans in the order in which they began. */
export interface TraceView extends Omit<TraceSummary, 'spans'> {
  readonly spans: readonly SpanRecord[]
  /** Spans that there was no room for. */
  readonly dropped: number
}

export function traceSummary(record: TraceRecord): TraceSummary {
  const { traceId, name, startedAt, duration, status, spans } = record
  return {
    id: traceId,
    name,
    startedAt,
    duration,
    status,
    correlation: correlationOf(spans),
    spans: spans.length,
  }
}

/** All that is known under an id: a client may have sent several requests as parts of one trace. `undefined` if nothing is. */
export function traceView(records: readonly TraceRecord[], id: string): TraceView | undefined {
  const parts = records.filter(({ traceId }) => traceId === id).sort((a, b) => a.startedAt - b.startedAt)
  const [first] = parts
  if (first === undefined) return undefined
  const spans = parts.flatMap((part) => part.spans).sort((a, b) => a.startedAt - b.startedAt)
  const end = Math.max(...parts.map(({ startedAt, duration }) => startedAt + duration))
  return {
    ...traceSummary(first),
    duration: parts.length === 1 ? first.duration : end - first.startedAt,
    status: parts.some(({ status }) => status === 'failed') ? 'failed' : 'ok',
    spans,
    dropped: parts.reduce((sum, part) => sum + part.dropped, 0),
  }
}

function correlationOf(spans: readonly SpanRecord[]): string | undefined {
  for (const { attributes } of spans) {
    const said = attributes['holdfast.correlation_id']
    if (typeof said === 'string') return said
  }
  return undefined
}
