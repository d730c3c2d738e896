import type { SpanRecord, TraceRecord } from '@holdfast/telemetry/tracing'

/** A span of 10 ms, and what a test wants to be different. */
export function sampleSpan(name: string, over: Partial<SpanRecord> = {}): SpanRecord {
  return {
    spanId: name,
    parentId: undefined,
    name,
    kind: 'server',
    startedAt: 1_000,
    duration: 10,
    status: 'ok',
    attributes: {},
    events: [],
    ...over,
  }
}

/** A trace of one span, and what a test wants to be different. */
export function sampleTrace(traceId: string, over: Partial<TraceRecord> = {}): TraceRecord {
  return {
    traceId,
    name: 'root',
    startedAt: 1_000,
    duration: 10,
    status: 'ok',
    kept: 'sampled',
    spans: [sampleSpan('root')],
    dropped: 0,
    ...over,
  }
}
