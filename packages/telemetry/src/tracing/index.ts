export type { KeptBecause, SpanEvent, SpanRecord, TraceRecord } from './kept-trace.ts'
export type { ExportCounts, TraceStatistics } from './trace-counts.ts'
export { type Tracing, tracing } from './tracing.ts'
export type { CollectorOptions, KeepOptions, TracingOptions } from './tracing-options.ts'
