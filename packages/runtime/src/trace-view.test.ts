import { describe, expect, it } from 'vitest'
import { sampleSpan, sampleTrace } from './testing/index.ts'
import { traceSummary, traceView } from './trace-view.ts'

const root = sampleSpan('root', { attributes: { 'holdfast.correlation_id': 'order-7' } })

describe('traceSummary', () => {
  it('counts the spans, and finds the correlation on any of them', () => {
    const spans = [sampleSpan('child', { parentId: 'root', startedAt: 1_005 }), root]

    expect(traceSummary(sampleTrace('a', { spans }))).toEqual({
      id: 'a',
      name: 'root',
      startedAt: 1_000,
      duration: 10,
      status: 'ok',
      correlation: 'order-7',
      spans: 2,
    })
    expect(traceSummary(sampleTrace('a', { spans: [sampleSpan('root')] })).correlation).toBeUndefined()
  })
})

describe('traceView', () => {
  it('has the spans in the order in which they began', () => {
    const spans = [sampleSpan('child', { parentId: 'root', startedAt: 1_005 }), root]

    expect(traceView([sampleTrace('b'), sampleTrace('a', { spans })], 'a')?.spans).toEqual([root, spans[0]])
  })

  it('puts together what several requests did for one trace', () => {
    const late = sampleTrace('a', {
      startedAt: 1_500,
      status: 'failed',
      dropped: 2,
      spans: [sampleSpan('later', { startedAt: 1_500 })],
    })

    expect(traceView([late, sampleTrace('a', { spans: [root] })], 'a')).toMatchObject({
      startedAt: 1_000,
      duration: 510,
      status: 'failed',
      correlation: 'order-7',
      dropped: 2,
      spans: [{ name: 'root' }, { name: 'later' }],
    })
  })

  it('is nothing where nothing is known', () => {
    expect(traceView([sampleTrace('a')], 'b')).toBeUndefined()
  })
})
