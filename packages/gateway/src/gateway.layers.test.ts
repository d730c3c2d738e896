import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
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

let provider: FakeProvider
let inner: GatewayServer
let outer: GatewayServer

beforeEach(async () => {
  provider = await fakeProvider()
  inner = await gatewayServer({
    upstreams: { inmost: { dialect: 'openai', url: provider.url, policy: quickPolicy } },
    chains: { default: { links: ['inmost'], hedge: { after: 1, share: 1 } } },
  })
  outer = await gatewayServer({
    upstreams: {
      one: { dialect: 'openai', url: inner.url, policy: quickPolicy, model: 'default' },
      two: { dialect: 'openai', url: inner.url, policy: quickPolicy, model: 'default' },
    },
    chains: { default: ['one'], both: ['one', 'two'] },
  })
})

afterEach(async () => {
  await outer[Symbol.asyncDispose]()
  await inner[Symbol.asyncDispose]()
  await provider.close()
})

const dead = { does: 'refuse', status: 500 } as const
const messages = [{ role: 'user' as const, content: 'hi' }]
const requests = ({ gateway }: GatewayServer): number =>
  gateway.status().chains.reduce((sum, { counts }) => sum + counts.requests, 0)

const clients = {
  openai: (model: string) =>
    new OpenAI({ baseURL: `${outer.url}/v1`, apiKey: 'k' }).chat.completions.create({ model, messages }),
  anthropic: (model: string) =>
    new Anthropic({ baseURL: outer.url, apiKey: 'k' }).messages.create({ model, messages, max_tokens: 9 }),
}

describe('attempts through layers that all try again', () => {
  it.each(['openai', 'anthropic'] as const)(
    'are no more than those of the outermost gateway (a client of %s)',
    async (name) => {
      provider.always(dead)
      await expect(clients[name]('both')).rejects.toMatchObject({ status: 503 })

      expect([requests(outer), requests(inner), provider.received.length]).toEqual([1, 4, 4])
      expect(provider.received.map(({ headers }) => headers['x-holdfast-attempt'])).toEqual(
        Array(4).fill('1'),
      )
    },
  )

  it('are no more than once over where a stream breaks off', async () => {
    provider.always({ does: 'cut', after: 3 })
    const { error } = await askStream(outer.url)

    expect(error?.code).toBe('stream_broke_off')
    expect([requests(inner), provider.received.length]).toEqual([4, 4])
  })

  it('still help: what fails once is tried again by the outermost', async () => {
    provider.next(dead)
    const { text, done } = await askStream(outer.url)

    expect([text === '', done, provider.received.length]).toEqual([false, true, 2])
  })

  it.each([
    ['asks by itself', {}, 2],
    ['asks for the first time', { 'x-stainless-retry-count': '0' }, 2],
    ['asks again already', { 'x-stainless-retry-count': '1' }, 1],
    ['is a Holdfast', { 'x-holdfast-attempt': '1' }, 1],
  ])('are one for each link where a client %s', async (_, headers, calls) => {
    provider.always(dead)
    const response = await ask(inner.url, {}, { headers })

    expect([response.status, provider.received.length]).toEqual([503, calls])
    expect(response.headers.get('x-should-retry')).toBe(String(calls === 1))
  })

  it('are counted for who is asked, over all links', async () => {
    const second = await fakeProvider()
    await using door = await gatewayServer({
      upstreams: {
        a: { dialect: 'openai', url: provider.url, policy: quickPolicy },
        b: { dialect: 'openai', url: second.url, policy: quickPolicy },
      },
      chains: { default: ['a', 'b'] },
    })
    provider.always(dead)
    await ask(door.url, {}, { headers: { 'x-holdfast-anything': 'x' } })
    await second.close()

    const told = [...provider.received, ...second.received].map(({ headers }) => headers)
    expect(told.map((headers) => headers['x-holdfast-attempt'])).toEqual(['1', '2', '3'])
    expect(told[0]).not.toHaveProperty('x-holdfast-anything')
  })

  it('end at a provider that says that trying again is of no use', async () => {
    provider.always({ ...dead, headers: { 'x-should-retry': 'false' } })
    await ask(inner.url)

    expect(provider.received.length).toBe(1)
  })
})

describe('x-should-retry', () => {
  it('is false on whatever cannot be helped by trying again', async () => {
    const post = (path: string, body: string) => fetch(`${inner.url}${path}`, { method: 'POST', body })
    const json = (model: string) => JSON.stringify({ model, messages })
    provider.next(dead, dead, { does: 'refuse', status: 400 })
    const answers = [
      await post('/v1/chat/completions', json('default')),
      await post('/v1/chat/completions', json('default')),
      await post('/v1/chat/completions', json('nobody')),
      await post('/v1/chat/completions', '{'),
      await post('/v1/messages', '[]'),
      await post('/v1/nothing', ''),
      await fetch(`${inner.url}/v1/chat/completions`),
    ]

    expect(answers.map(({ status }) => status)).toEqual([503, 400, 404, 400, 400, 404, 405])
    expect(answers.map(({ headers }) => headers.get('x-should-retry'))).toEqual(Array(7).fill('false'))
  })

  it('is true where nobody has been asked yet, and time will help', async () => {
    await using door = await gatewayServer({
      upstreams: {
        broken: {
          dialect: 'openai',
          url: provider.url,
          policy: { ...quickPolicy, retry: { attempts: 1 }, breaker: { failures: 1, openFor: 60_000 } },
        },
      },
      chains: { default: ['broken'], ruled: ['rules'] },
    })
    provider.always(dead)
    const told = []
    for (const model of ['default', 'default', 'ruled']) {
      const { status, headers } = await ask(door.url, { model })
      told.push([status, headers.get('x-should-retry')])
    }

    expect(told).toEqual([
      [503, 'false'],
      [503, 'true'],
      [503, 'false'],
    ])
  })
})
