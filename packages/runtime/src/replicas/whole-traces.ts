import type { TraceRecord } from '@holdfast/telemetry/tracing'
import type { TraceSource } from '../trace-routes.ts'
import type { OtherEdges } from './other-edges.ts'

/** The traces of all processes of the edge as one list, the latest first. */
export function wholeTraces(own: TraceSource, others: OtherEdges): TraceSource {
  return async (asked) => {
    const [kept, elsewhere] = await Promise.all([own(asked), others.ask<TraceRecord>('traces', asked)])
    if (elsewhere.length === 0) return kept
    const all = [...kept, ...elsewhere.flatMap(({ items }) => items)]
    return all.sort((one, other) => endOf(other) - endOf(one)).slice(0, asked.most)
  }
}

function endOf({ startedAt, duration }: TraceRecord): number {
  return startedAt + duration
}
