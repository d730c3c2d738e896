import type { Span } from '@opentelemetry/api'
import { api } from './api.ts'

/** What may be said about a span while it is open: names and numbers, never a secret. */
export type ActiveSpan = Pick<
  Span,
  'addEvent' | 'setAttribute' | 'setAttributes' | 'setStatus' | 'spanContext' | 'updateName'
>

/** The span in which this runs, if it is recorded; `undefined` otherwise, so that nothing need be put together for it. */
export function activeSpan(): ActiveSpan | undefined {
  const span = api?.trace.getActiveSpan()
  return span?.isRecording() ? span : undefined
}
