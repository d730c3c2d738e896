import type { Family, Sample } from '../exposition.ts'
import type { TraceStatistics } from './trace-counts.ts'

/** What `tracing().statistics()` says, as metric families for an `exposition`. */
export function traceFamilies(statistics: TraceStatistics): readonly Family[] {
  const { complete, incomplete, abandoned, open, completionRate, kept, droppedSpans } = statistics
  const { durations, exported } = statistics
  const { waiting, ...ended } = exported
  return [
    counter(
      'holdfast_traces_total',
      'Local traces that are over: every span ended, the root ended first, or given up.',
      by('outcome', { complete, incomplete, abandoned }),
    ),
    gauge('holdfast_traces_open', 'Local traces whose root has not ended yet.', open),
    gauge(
      'holdfast_trace_completion_ratio',
      'The share of traces that are over and complete.',
      completionRate,
    ),
    counter('holdfast_traces_kept_total', 'Traces that were kept, and why.', by('because', kept)),
    {
      name: 'holdfast_span_duration_seconds',
      help: 'How long recorded spans took.',
      type: 'histogram',
      samples: [{ labels: {}, ...durations }],
    },
    counter('holdfast_spans_dropped_total', 'Spans that there was no room for in their trace.', [
      { labels: {}, value: droppedSpans },
    ]),
    counter(
      'holdfast_spans_exported_total',
      'Spans of kept traces that a collector took, did not take, or that did not fit into the queue.',
      by('outcome', ended),
    ),
    gauge('holdfast_spans_waiting', 'Spans that wait to be exported.', waiting),
  ]
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples }
}

function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: 'gauge', samples: [{ labels: {}, value }] }
}

function by(label: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([is, value]) => ({ labels: { [label]: is }, value }))
}
