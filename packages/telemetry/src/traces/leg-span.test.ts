import { leg, wrap } from '@holdfast/policy'
import { context as holdfast, withContext } from '@holdfast/policy/context'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Tracing, tracing } from '../tracing/index.ts'
import { traceHeaders } from './trace-headers.ts'
import { tracePolicies } from './trace-policies.ts'
import { traced } from './traced.ts'

const sender = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true }
const client = () => ({ kind: 'client', name: 'GET', attributes: { 'http.request.method': 'GET' } }) as const
const server = () => ({ kind: 'server', name: 'a.B/C', attributes: { 'rpc.method': 'a.B/C' } }) as const

let own: Tracing
const start = (options = {}) => {
  own = tracing({ service: 'tests', ...options })
}
beforeEach(() => start())
afterEach(() => own.shutdown())

describe('legSpan', () => {
  it('is a span below the active one, with what the wire says of it', () => {
    const sent = traced('outer', () => {
      const there = leg(client)
      const headers = there?.run(() => traceHeaders())
      there?.end({ is: 'done', attributes: { 'http.response.status_code': 200 } })
      return headers?.traceparent
    })()
    const [{ spans, traceId } = { spans: [], traceId: '' }] = own.traces()
    const [leaf, outer] = spans

    expect(leaf).toMatchObject({
      name: 'GET',
      kind: 'client',
      parentId: outer?.spanId,
      status: 'ok',
      attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200 },
    })
    expect(sent).toBe(`00-${traceId}-${leaf?.spanId}-01`)
  })

  it('gives the headers of an attempt that are read inside its identity', async () => {
    const sent = await wrap()((call) => leg(client)?.run(() => ({ ...call.headers })))

    expect(sent?.['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })

  it('fails by the word that the wire has for it, or else the code of the error', () => {
    const error = Object.assign(new Error('token=hunter2'), { code: 'ECONNRESET' })
    leg(client)?.end({ is: 'failed', error })
    leg(client)?.end({ is: 'failed', error, attributes: { 'error.type': '503' } })

    expect(own.traces().map(({ status, spans }) => [status, spans[0]?.attributes['error.type']])).toEqual([
      ['failed', '503'],
      ['failed', 'ECONNRESET'],
    ])
    expect(JSON.stringify(own.traces())).not.toContain('hunter2')
  })

  it('serves below the sender, whatever was active when the socket was made', () => {
    const serve = () =>
      withContext({ trace: sender }, () => {
        const there = leg(server)
        const inside = there?.run(() => traced('work', () => holdfast().trace)())
        there?.end({ is: 'done' })
        return inside
      })
    expect(traced('made the socket', serve)()).toEqual(sender)
    const served = own.traces().find(({ name }) => name === 'a.B/C')

    expect(served?.traceId).toBe(sender.traceId)
    expect(served?.spans).toMatchObject([
      { name: 'work', parentId: served?.spans[1]?.spanId },
      { name: 'a.B/C', kind: 'server', parentId: sender.spanId },
    ])
  })

  it('serves below a local span of the same trace, and without a sender below the active one', () => {
    traced('outer', () => {
      const [, traceId = '', spanId = ''] = traceHeaders()!.traceparent.split('-')
      withContext({ trace: { traceId, spanId: sender.spanId, sampled: true } }, () =>
        leg(server)?.end({ is: 'done' }),
      )
      leg(server)?.end({ is: 'done' })
      expect(spanId).toHaveLength(16)
    })()
    const [{ spans } = { spans: [] }] = own.traces()

    expect(spans.map(({ parentId }) => parentId)).toEqual([spans[2]?.spanId, spans[2]?.spanId, undefined])
  })

  it('heeds that the sender did not sample, and hands that on', async () => {
    const served = () =>
      withContext({ trace: { ...sender, sampled: false } }, () => leg(server)?.run(() => traceHeaders()))

    expect(served()?.traceparent).toMatch(new RegExp(`^00-${sender.traceId}-(?!${sender.spanId}).*-00$`))
    expect(own.traces()).toEqual([])
  })

  it('is none below what is not recorded, without tracing, and once it is stopped', async () => {
    await own.shutdown()
    expect(leg(client)).toBeUndefined()
    const stop = tracePolicies()
    expect(leg(client)).toBeUndefined()
    stop()
    start({ sample: 0 })

    expect(traced('quiet', () => leg(client))()).toBeUndefined()
  })
})
