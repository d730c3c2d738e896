import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context as holdfast, withContext } from '@holdfast/policy/context'
import { afterEach, describe, expect, it } from 'vitest'
import { type Tracing, tracing } from '../tracing/index.ts'
import { continueTrace, traceHeaders } from './trace-headers.ts'
import { traced } from './traced.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const traceparent = `00-${traceId}-${spanId}-01`

let running: Tracing | undefined
const start = (options = {}): Tracing => {
  running = tracing({ service: 'tests', ...options })
  return running
}
afterEach(() => running?.shutdown())

describe('traceHeaders', () => {
  it('is those of the active span, then of the context, then none', () => {
    expect(traceHeaders()).toBeUndefined()
    const inside = () => withContext({ trace: { traceId, spanId, sampled: true } }, traceHeaders)
    expect(inside()).toEqual({ traceparent })
    start()

    expect(inside()).toEqual({ traceparent })
    const own = traced('own', () =>
      withContext({ trace: { traceId, spanId, sampled: true } }, traceHeaders),
    )()
    expect(own?.traceparent).not.toContain(traceId)
  })

  it('says that a trace is not sampled', () => {
    start({ sample: 0 })

    expect(traced('x', traceHeaders)()?.traceparent).toMatch(/-00$/)
  })
})

describe('continueTrace', () => {
  it('makes spans children of the sender, and hands on what others noted', () => {
    const { traces } = start({ sample: 0 })
    const sent = continueTrace({ traceparent, tracestate: ['congo=1', 'rojo=2'] }, traced('in', traceHeaders))

    expect(traces()).toMatchObject([{ traceId, spans: [{ name: 'in', parentId: spanId }] }])
    expect(sent?.tracestate).toBe('congo=1,rojo=2')
    expect(sent?.traceparent).toMatch(new RegExp(`^00-${traceId}-(?!${spanId})[0-9a-f]{16}-01$`))
  })

  it('heeds that the sender did not sample', () => {
    const { traces } = start({ sample: 1 })
    const sent = continueTrace({ traceparent: `00-${traceId}-${spanId}-00` }, traced('in', traceHeaders))

    expect(traces()).toEqual([])
    expect(sent?.traceparent).toMatch(new RegExp(`^00-${traceId}-.*-00$`))
  })

  it('begins a new trace where the headers name none', () => {
    const { traces } = start()
    for (const header of [undefined, 'nonsense', [traceparent, traceparent], []]) {
      continueTrace(
        { traceparent: header },
        traced('in', () => expect(holdfast().trace).toBeUndefined()),
      )
    }

    expect(traces().filter((each) => each.traceId === traceId)).toEqual([])
    expect(traces()).toHaveLength(4)
    expect(continueTrace({ traceparent: [traceparent] }, traceHeaders)).toEqual({ traceparent })
  })

  it('tells the context of it', () => {
    const seen = continueTrace({ traceparent }, () => holdfast().trace)

    expect(seen).toEqual({ traceId, spanId, sampled: true })
    expect(holdfast().trace).toBeUndefined()
  })

  it('carries a trace over HTTP, a hundred at once', async () => {
    const { traces } = start()
    const server = createServer((asked, answer) => {
      const serve = traced('serve', async () => {
        await new Promise(setImmediate)
        answer.end(traceHeaders()?.traceparent)
      })
      void continueTrace(asked.headers, serve)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const ask = traced('ask', async (n: number) => {
      const asked = request({ port, host: '127.0.0.1', headers: { ...traceHeaders() }, agent: false }).end()
      const [answer] = await once(asked, 'response')
      for await (const _ of answer);
      return n
    })
    await Promise.all(Array.from({ length: 100 }, (_, n) => ask(n)))
    server.close()
    await once(server, 'close')

    const asked = traces().filter(({ name }) => name === 'ask')
    const served = traces().filter(({ name }) => name === 'serve')
    expect(served).toHaveLength(100)
    for (const { traceId, spans } of asked) {
      const mine = served.filter((each) => each.traceId === traceId)
      expect(mine.map((each) => each.spans[0]?.parentId)).toEqual([spans[0]?.spanId])
    }
  })
})
