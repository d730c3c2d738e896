import { sampleSpan, sampleTrace } from '@holdfast/runtime/testing'
import { describe, expect, it } from 'vitest'
import { paint } from './paint.ts'
import { traceList, traceTree } from './trace-lines.ts'

const plain = paint(false)
const summary = {
  id: 'abc',
  name: 'POST /v1/chat/completions',
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  duration: 12.4,
  status: 'ok',
  correlation: 'order-7',
  spans: 3,
} as const

describe('traceList', () => {
  it('has a line for each, in columns', () => {
    const other = {
      ...summary,
      id: 'de',
      name: 'HTTP',
      status: 'failed',
      spans: 1,
      correlation: undefined,
    } as const

    expect(traceList([summary, other], plain)).toEqual([
      '2026-01-02T03:04:05.006Z  ●  POST /v1/chat/completions  12 ms  3 spans  abc  order-7',
      '2026-01-02T03:04:05.006Z  ○  HTTP                       12 ms  1 span   de',
    ])
  })

  it('says that there is none', () => {
    expect(traceList([], plain)).toEqual(['no request has been traced yet'])
  })
})

describe('traceTree', () => {
  const root = sampleSpan('root', {
    duration: 20,
    attributes: { 'http.response.status_code': 200 },
    events: [{ name: 'chain.next-link', at: 1_008, attributes: { 'holdfast.reason': 'transient' } }],
  })
  const failed = sampleSpan('chat a', { parentId: 'root', startedAt: 1_001, duration: 6, status: 'failed' })
  const answered = sampleSpan('chat b', {
    parentId: 'root',
    startedAt: 1_009,
    attributes: {
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.time_to_first_chunk': 0.012345,
    },
  })
  const { traceId: id, ...rest } = sampleTrace('abc', { spans: [root, failed, answered] })
  const trace = { ...rest, id, correlation: 'order-7' }

  it('shows each span under its parent, and under each what happened in it', () => {
    expect(traceTree(trace, plain)).toEqual([
      'trace abc  correlation order-7',
      '',
      '● root               +0  20 ms   response.status_code=200',
      '  · chain.next-link  +8          reason=transient',
      '  ○ chat a           +1  6.0 ms',
      '  ● chat b           +9  10 ms   response.finish_reasons=stop response.time_to_first_chunk=0.0123',
    ])
  })

  it('shows spans whose parent is elsewhere, and counts those that are missing', () => {
    const lines = traceTree({ ...trace, correlation: undefined, spans: [failed], dropped: 2 }, plain)

    expect(lines).toEqual([
      'trace abc',
      '',
      '○ chat a  +1  6.0 ms',
      'and 2 more spans that there was no room for',
    ])
  })

  it('lets nothing steer the terminal', () => {
    const span = sampleSpan('\x1b[2Jroot', { attributes: { model: '\x1b[31mred\x07' } })

    expect(traceTree({ ...trace, spans: [span] }, plain).join('\n')).not.toMatch(/[\x1b\x07]/)
  })

  it('is coloured where that is allowed, in the same columns', () => {
    const bare = (line: string) => line.replace(/\x1b\[\d+m/g, '').trimEnd()

    expect(traceTree(trace, paint(true)).map(bare)).toEqual(traceTree(trace, plain))
  })
})
