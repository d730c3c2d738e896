import { describe, expect, it } from 'vitest'
import { exposition } from '../exposition.ts'
import { TraceCounts } from './trace-counts.ts'
import { traceFamilies } from './trace-families.ts'

describe('traceFamilies', () => {
  it('says all that is counted', async () => {
    const counts = new TraceCounts()
    Object.assign(counts, { open: 4, complete: 3, incomplete: 2, abandoned: 1, droppedSpans: 7 })
    counts.kept.failed = 5
    counts.took(20)
    counts.took(400_000)
    const statistics = counts.statistics({ waiting: 11, sent: 12, failed: 13, dropped: 14 })
    const text = await exposition(async () => traceFamilies(statistics)).text()
    const lines = text.split('\n').filter((line) => line !== '' && !/^#|_bucket/.test(line))

    expect(lines).toEqual([
      'holdfast_traces_total{outcome="complete"} 3',
      'holdfast_traces_total{outcome="incomplete"} 2',
      'holdfast_traces_total{outcome="abandoned"} 1',
      'holdfast_traces_open 4',
      'holdfast_trace_completion_ratio 0.5',
      'holdfast_traces_kept_total{because="sampled"} 0',
      'holdfast_traces_kept_total{because="failed"} 5',
      'holdfast_traces_kept_total{because="slow"} 0',
      'holdfast_span_duration_seconds_sum 400.02',
      'holdfast_span_duration_seconds_count 2',
      'holdfast_spans_dropped_total 7',
      'holdfast_spans_exported_total{outcome="sent"} 12',
      'holdfast_spans_exported_total{outcome="failed"} 13',
      'holdfast_spans_exported_total{outcome="dropped"} 14',
      'holdfast_spans_waiting 11',
    ])
    expect(text).toContain('holdfast_span_duration_seconds_bucket{le="0.01"} 0\n')
    expect(text).toContain('holdfast_span_duration_seconds_bucket{le="0.025"} 1\n')
    expect(text).toContain('holdfast_span_duration_seconds_bucket{le="+Inf"} 2\n')
  })
})
