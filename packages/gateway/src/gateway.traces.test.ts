import { type TraceRecord, type Tracing, tracing } from '@holdfast/telemetry/tracing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ask,
  askStream,
  type FakeProvider,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
} from './testing/index.ts'

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const traceId = '0af7651916cd43dd8448eb211c80319c'

let one: FakeProvider
let two: FakeProvider
let door: GatewayServer

beforeEach(async () => {
  one = await fakeProvider('model-one')
  two = await fakeProvider('model-two')
  const policy = { ...quickPolicy, breaker: { failures: 2, openFor: 60_000 } }
  door = await gatewayServer({
    upstreams: {
      one: { dialect: 'openai', url: `${one.url}/?token=in-the-query`, key: 'sk-one-secret', policy },
      two: {
        dialect: 'openai',
        url: two.url,
        key: 'sk-two-secret',
        model: 'big-two',
        responses: true,
        policy,
      },
    },
    chains: { default: ['one', 'two'], only: ['one'], passing: ['two'] },
  })
})
afterEach(async () => {
  await door[Symbol.asyncDispose]()
  await one.close()
  await two.close()
})

const from = (headers: Record<string, string>, path = '/v1/models'): Promise<Response> =>
  fetch(`${door.url}${path}`, { headers })
const correlation = (response: Response): string | null => response.headers.get('x-correlation-id')

describe('the identity of a request', () => {
  it('is on every answer', async () => {
    one.next({ does: 'refuse', status: 400, error: { message: 'no' } })
    const refused = await ask(door.url)
    one.always({ does: 'refuse', status: 500 })
    const answers = [
      refused,
      await ask(door.url),
      (await askStream(door.url)).response,
      await ask(door.url, { model: 'only' }),
      await ask(door.url, { model: 'nobody' }),
      await from({}),
      await from({}, '/livez'),
      await from({}, '/nowhere'),
      await from({}, '/v1/chat/completions'),
    ]

    expect(answers.map(({ status }) => status)).toEqual([400, 200, 200, 503, 404, 200, 200, 404, 405])
    for (const { headers } of answers) {
      expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/)
      expect(headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
    expect(new Set(answers.map((answer) => answer.headers.get('x-trace-id'))).size).toBe(9)
    expect(new Set(answers.map(correlation)).size).toBe(9)
  })

  it('is what the client said it is, whatever a provider says', async () => {
    const headers = { 'x-trace-id': 'of-the-provider', 'x-correlation-id': 'of-the-provider' }
    const body = JSON.stringify({ choices: [{ message: { content: 'x' } }] })
    one.next({ does: 'say', headers: { 'content-type': 'application/json', ...headers }, bytes: [body] })
    const answer = await ask(
      door.url,
      {},
      { headers: { traceparent: parent, 'x-correlation-id': 'order-7' } },
    )

    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-trace-id')).toBe(traceId)
    expect(correlation(answer)).toBe('order-7')
  })

  it.each([
    ['too long', 'x'.repeat(129)],
    ['empty', ''],
    ['two words', 'a b'],
    ['a key and its value', '{"a":1}'],
    ['what begins like an option', '-rf'],
  ])('has a correlation of its own where the client’s is %s', async (_, given) => {
    expect(correlation(await from({ 'x-correlation-id': given }))).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is a new one where the client’s trace is none, and its state is dropped', async () => {
    await ask(door.url, {}, { headers: { traceparent: 'rubbish', tracestate: 'a=1' } })
    const { headers } = one.received[0]!

    expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(headers['tracestate']).toBeUndefined()
  })

  it('goes on to the upstream as it came while nobody makes spans', async () => {
    await ask(door.url, {}, { headers: { traceparent: parent, tracestate: 'a=1' } })

    expect(one.received[0]!.headers).toMatchObject({ traceparent: parent, tracestate: 'a=1' })
  })
})

describe('the trace of a request', () => {
  let running: Tracing
  beforeEach(() => {
    running = tracing({ service: 'gateway' })
  })
  afterEach(() => running.shutdown())

  const only = (): TraceRecord => {
    const [trace, ...more] = running.traces()
    expect(more).toEqual([])
    return trace!
  }
  const server = ({ spans }: TraceRecord) => spans.find(({ kind }) => kind === 'server')!
  const attempts = ({ spans }: TraceRecord) => spans.filter(({ kind }) => kind === 'client')

  it('tells who was asked, what failed, who was asked next and who answered', async () => {
    one.always({ does: 'refuse', status: 500, error: { message: 'a secret of the provider' } })
    const answer = await ask(door.url, {}, { headers: { 'x-correlation-id': 'order-7' } })
    await answer.text()
    const trace = only()

    expect(answer.headers.get('x-trace-id')).toBe(trace.traceId)
    expect(server(trace)).toMatchObject({
      name: 'POST /v1/chat/completions',
      status: 'ok',
      attributes: {
        'http.request.method': 'POST',
        'url.path': '/v1/chat/completions',
        'http.response.status_code': 200,
        'holdfast.correlation_id': 'order-7',
        'holdfast.chain': 'default',
        'holdfast.link': 'two',
        'holdfast.attempts': 3,
      },
    })
    expect(server(trace).events.map(({ name }) => name)).toEqual([
      'attempt',
      'retry.waited',
      'attempt',
      'breaker.opened',
      'retry.gave-up',
      'chain.next-link',
      'attempt',
    ])
    expect(server(trace).events.find(({ name }) => name === 'chain.next-link')?.attributes).toEqual({
      'holdfast.link': 'two',
      'holdfast.failed': 'one',
      'holdfast.reason': 'transient',
    })
    const failing = {
      status: 'failed',
      attributes: { 'holdfast.upstream': 'one', 'error.type': 'WIRE_TRANSIENT' },
    }
    expect(attempts(trace)).toMatchObject([
      { name: 'chat default', parentId: server(trace).spanId, ...failing },
      failing,
      {
        name: 'chat big-two',
        status: 'ok',
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'two',
          'gen_ai.request.model': 'big-two',
          'gen_ai.response.model': 'model-two',
          'gen_ai.usage.input_tokens': 5,
          'gen_ai.usage.output_tokens': 12,
          'gen_ai.response.finish_reasons': ['stop'],
          'http.response.status_code': 200,
        },
      },
    ])
  })

  it('tells that a breaker kept a link from being asked', async () => {
    one.always({ does: 'refuse', status: 500 })
    await ask(door.url)
    await ask(door.url)
    const [trace] = running.traces()

    expect(attempts(trace!)).toHaveLength(1)
    expect(server(trace!).events).toMatchObject([
      { name: 'breaker.rejected', attributes: { 'holdfast.policy': 'one' } },
      { name: 'retry.gave-up' },
      { name: 'chain.next-link', attributes: { 'holdfast.reason': 'open' } },
      { name: 'attempt' },
    ])
  })

  it('tells of a stream how long the first content took, and its tokens', async () => {
    one.next({ does: 'answer', usage: true })
    await askStream(door.url, { stream_options: { include_usage: true } })
    const [{ attributes }] = attempts(only()) as [ReturnType<typeof attempts>[0]]

    expect(attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0)
    expect(attributes['gen_ai.response.time_to_first_chunk']).toBeLessThan(1)
    expect(attributes).toMatchObject({
      'gen_ai.response.model': 'model-one',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.output_tokens': 12,
    })
  })

  it.each([
    ['/v1/embeddings', 'embeddings'],
    ['/v1/responses', 'chat'],
  ])('says of a call to %s that it is %s', async (path, operation) => {
    const headers = { 'content-type': 'application/json' }
    two.next({ does: 'say', headers, bytes: ['{"object":"list","data":[{}]}'] })
    const body = JSON.stringify({ model: 'passing', input: 'x' })
    await fetch(`${door.url}${path}`, { method: 'POST', body })

    expect(attempts(only())).toMatchObject([
      { name: `${operation} big-two`, attributes: { 'gen_ai.operation.name': operation } },
    ])
  })

  it('is the client’s, and the upstream’s after it', async () => {
    await ask(door.url, {}, { headers: { traceparent: parent, tracestate: 'a=1' } })
    const trace = only()
    const [attempt] = attempts(trace)

    expect(trace.traceId).toBe(traceId)
    expect(server(trace).parentId).toBe('b7ad6b7169203331')
    expect(one.received[0]!.headers).toMatchObject({
      traceparent: `00-${traceId}-${attempt!.spanId}-01`,
      tracestate: 'a=1',
    })
  })

  it('has failed when nobody could answer, and when a stream broke off', async () => {
    one.always({ does: 'refuse', status: 500 })
    await ask(door.url, { model: 'only' })
    expect(server(running.traces()[0]!)).toMatchObject({
      status: 'failed',
      attributes: { 'error.type': '503', 'http.response.status_code': 503, 'holdfast.outcome': 'exhausted' },
    })

    two.always({ does: 'cut', after: 3 })
    await askStream(door.url)
    const broken = server(running.traces()[0]!)
    expect(broken).toMatchObject({ status: 'failed', attributes: { 'error.type': 'stream_broke_off' } })
    expect(broken.events.map(({ name }) => name)).toContain('chain.asked-again')
  })

  it('holds no key, no query, no word of the question and none of the answer', async () => {
    one.next({ does: 'refuse', status: 500, error: { message: 'because of sk-one-secret' } })
    const authorization = 'Bearer sk-of-the-client'
    await fetch(`${door.url}/v1/chat/completions?api_key=sk-in-the-query`, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify({
        model: 'default',
        messages: [{ role: 'user', content: 'Tell me of the fox.' }],
      }),
    })
    await askStream(door.url)
    const told = JSON.stringify(running.traces())

    expect(told).toContain('chat default')
    expect(told).not.toMatch(/sk-|fox|query|because/i)
  })

  it('is not made for probes', async () => {
    await from({}, '/livez')
    await from({}, '/readyz')

    expect(running.traces()).toEqual([])
  })

  it('is one of an unknown path too', async () => {
    await from({}, '/nowhere?secret=1')

    expect(server(only())).toMatchObject({
      name: 'HTTP',
      attributes: { 'url.path': '/nowhere', 'http.response.status_code': 404 },
    })
  })
})

describe('an event', () => {
  it('says whose request it is about, that of a breaker too, and an upstream is told the same', async () => {
    one.always({ does: 'refuse', status: 500 })
    const answers = [
      await ask(door.url, {}, { headers: { 'x-correlation-id': 'first-one' } }),
      await ask(door.url, {}, { headers: { 'x-correlation-id': 'no good id' } }),
    ]

    const whose = answers.map(({ headers }) => [headers.get('x-trace-id'), headers.get('x-correlation-id')])
    const told = door.events.map(({ type, request }) => [type, request?.trace.traceId, request?.correlation])
    expect(told).toEqual([
      ['breaker.opened', ...whose[0]!],
      ['chain.answered', ...whose[0]!],
      ['chain.answered', ...whose[1]!],
    ])
    expect(two.received.map(({ headers }) => headers['x-correlation-id'])).toEqual(
      whose.map(([, correlation]) => correlation),
    )
  })

  it('tells of a request that the provider refused, and of one whose client left', async () => {
    const left = new AbortController()
    one.next({ does: 'refuse', status: 400, error: { message: 'no' } })
    await ask(door.url)
    one.next({ does: 'stall' })
    const leaving = ask(door.url, {}, { signal: left.signal })
    await one.seen(2)
    left.abort()
    await expect(leaving).rejects.toThrow()
    await one.received[1]?.left
    await ask(door.url)

    expect(door.events.map(({ type }) => type)).toEqual([
      'chain.refused',
      'chain.cancelled',
      'chain.answered',
    ])
  })
})
