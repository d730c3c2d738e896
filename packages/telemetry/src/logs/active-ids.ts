import { context } from '@holdfast/policy/context'
import { api } from '../traces/api.ts'

/** By which a line of a log is found again. */
export interface Ids {
  readonly trace_id?: string
  readonly span_id?: string
  readonly correlation_id?: string
}

/** The ids of what runs now: the active span's, or else those of the context. Empty outside of both, and without OpenTelemetry there are no spans. */
export function activeIds(): Ids {
  const { trace, correlation } = context()
  const span = api?.trace.getActiveSpan()?.spanContext()
  const at = span !== undefined && api?.isSpanContextValid(span) ? span : trace
  return {
    ...(at && { trace_id: at.traceId, span_id: at.spanId }),
    ...(correlation !== undefined && { correlation_id: correlation }),
  }
}
