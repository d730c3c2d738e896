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
import { askedByManyNames } from './testing/many-names.ts'

describe('gatewayFamilies', () => {
  let one: FakeProvider
  let two: FakeProvider
  let door: GatewayServer
  beforeEach(async () => {
    one = await fakeProvider()
    two = await fakeProvider()
    door = await gatewayServer({
      upstreams: {
        one: { dialect: 'openai', url: one.url, policy: quickPolicy },
        two: { dialect: 'openai', url: two.url, model: 'large', policy: quickPolicy },
      },
      chains: { default: ['one', 'two', 'two/small', 'rules'] },
    })
  })
  afterEach(async () => {
    await door[Symbol.asyncDispose]()
    await one.close()
    await two.close()
  })

  /** The samples of a family, as `label=value … number`, those that are not 0. */
  const told = (family: string): string[] => {
    const { samples } = door.gateway.families().find(({ name }) => name === family)!
    return samples.flatMap((sample) => {
      const labels = Object.entries(sample.labels).map(([name, value]) => `${name}=${value}`)
      const value = 'value' in sample ? sample.value : sample.count
      return value === 0 ? [] : [[...labels, value].join(' ')]
    })
  }

  it('tells what is under way at each model, and how soon it began of late', async () => {
    await askStream(door.url)
    one.next({ does: 'stall' })
    const left = new AbortController()
    const late = ask(door.url, {}, { signal: left.signal }).catch(() => {})
    await one.seen(2)

    expect(told('holdfast_upstream_in_flight_calls')).toEqual(['upstream=one model= 1'])
    expect(told('holdfast_upstream_recent_time_to_first_chunk_seconds')).toEqual([
      expect.stringMatching(/^upstream=one model= 0\.\d+$/),
    ])
    left.abort()
    await late
  })

  it('tells tokens by link, upstream and model, whole and streamed, without a span', async () => {
    await (await ask(door.url)).text()
    one.next({ does: 'answer', usage: true })
    await askStream(door.url)
    // A stream that says nothing of tokens.
    await askStream(door.url)
    one.always({ does: 'refuse', status: 500 })
    await (await ask(door.url)).text()

    expect(told('holdfast_gateway_token_usage_total')).toEqual([
      'chain=default link=one upstream=one model=default token_type=input 10',
      'chain=default link=one upstream=one model=default token_type=output 24',
      'chain=default link=two upstream=two model=large token_type=input 5',
      'chain=default link=two upstream=two model=large token_type=output 12',
    ])
  })

  it('tells the first content and the pace of streams, by chain and by upstream', async () => {
    await (await ask(door.url)).text()
    await askStream(door.url)

    expect(told('holdfast_gateway_time_to_first_chunk_seconds')).toEqual(['chain=default 1'])
    expect(told('holdfast_upstream_time_to_first_chunk_seconds')).toEqual(['upstream=one 1'])
    expect(told('holdfast_upstream_time_per_output_chunk_seconds')).toEqual(['upstream=one 1'])
    expect(told('holdfast_upstream_operation_duration_seconds')).toEqual(['upstream=one 2'])
  })

  it('tells how requests ended, how many attempts they took, and who was passed over', async () => {
    one.next({ does: 'refuse', status: 500 })
    await (await ask(door.url)).text()
    one.next({ does: 'refuse', status: 400 })
    await (await ask(door.url)).text()
    for (const provider of [one, two]) provider.always({ does: 'refuse', status: 500 })
    await (await ask(door.url)).text()

    expect(told('holdfast_gateway_request_duration_seconds')).toEqual([
      'chain=default outcome=answered 1',
      'chain=default outcome=refused 1',
      'chain=default outcome=exhausted 1',
    ])
    expect(told('holdfast_gateway_failures_total')).toEqual(['chain=default 1'])
    expect(told('holdfast_gateway_refusals_total')).toEqual(['chain=default 1'])
    expect(told('holdfast_gateway_request_attempts')).toEqual(['chain=default 3'])
    expect(told('holdfast_gateway_fallbacks_total')).toContain('chain=default link=one reason=transient 1')
    expect(told('holdfast_upstream_failures_total')).toContain('upstream=two class=transient 4')
    expect(told('holdfast_gateway_in_flight_requests')).toEqual([])
  })

  it('tells a stream that broke off and was mended, and one that was not', async () => {
    one.next({ does: 'cut', after: 3 }, { does: 'answer' })
    await askStream(door.url)
    expect(told('holdfast_gateway_streams_cut_total')).toEqual(['chain=default 1'])
    expect(told('holdfast_gateway_streams_mended_total')).toEqual(['chain=default 1'])

    one.next({ does: 'cut', after: 3 })
    for (const provider of [one, two]) provider.always({ does: 'refuse', status: 500 })
    await askStream(door.url)
    expect(told('holdfast_gateway_streams_cut_total')).toEqual(['chain=default 2'])
    expect(told('holdfast_gateway_streams_mended_total')).toEqual(['chain=default 1'])
    expect(told('holdfast_gateway_request_duration_seconds')).toContain('chain=default outcome=broke-off 1')
  })

  it('tells what is being answered, until it is', async () => {
    one.always({ does: 'stall' })
    const leaving = new AbortController()
    const asked = ask(door.url, {}, { signal: leaving.signal }).catch(() => 'left')
    await one.seen(1)
    expect(told('holdfast_gateway_in_flight_requests')).toEqual(['chain=default 1'])

    leaving.abort()
    await asked
    await one.received[0]!.left
    expect(told('holdfast_gateway_in_flight_requests')).toEqual([])
    expect(told('holdfast_gateway_responses_total')).toEqual(['route=POST /v1/chat/completions code=499 1'])
  })

  it('tells the answers that clients got, by route and status', async () => {
    one.next({ does: 'answer' }, { does: 'refuse', status: 422 })
    await (await ask(door.url)).text()
    await (await ask(door.url)).text()
    await (await ask(door.url, { model: 'nobody' })).text()
    for (const path of ['/v1/models', '/livez', '/any/path', '/any/other'])
      await (await fetch(`${door.url}${path}`)).text()

    expect(told('holdfast_gateway_responses_total')).toEqual([
      'route=POST /v1/chat/completions code=200 1',
      'route=POST /v1/chat/completions code=422 1',
      'route=POST /v1/chat/completions code=404 1',
      'route=GET /v1/models code=200 1',
      'route=GET /livez code=200 1',
      'route=other code=404 2',
    ])
  })

  it('has as many series after requests with 1,000 models and paths of their own as after two', async () => {
    expect(await askedByManyNames(door, 1_000)).toEqual(await askedByManyNames(door, 2))
  })

  it('has always the same families, each once', async () => {
    const names = () => door.gateway.families().map(({ name }) => name)
    const before = names()
    await (await ask(door.url)).text()

    expect(names()).toEqual(before)
    expect(new Set(before).size).toBe(before.length)
  })
})
