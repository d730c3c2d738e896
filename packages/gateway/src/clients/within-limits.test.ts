import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import Anthropic from '@anthropic-ai/sdk'
import { fakeClock } from '@holdfast/policy/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, fakeProvider, gatewayServer, quickPolicy } from '../testing/index.ts'
import type { ClientOptions } from './client-options.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

const secret = 'hf-the-secret-of-alice'
const headers = { authorization: `Bearer ${secret}` }
const minute = 60_000
/** What waits on the clock of the tests waits for ever. */
const policy = { ...quickPolicy, retry: { attempts: 1 } }

const serve = async (limits: Omit<ClientOptions, 'sha256'>) => {
  const clock = fakeClock()
  const provider = open(await fakeProvider())
  const bob = hash('sha256', 'hf-the-secret-of-bob', 'hex')
  const door = open(
    await gatewayServer({
      upstreams: { one: { dialect: 'openai', url: provider.url, policy } },
      chains: {
        default: ['one'],
        both: ['one', 'one/again'],
        whole: { links: ['one', 'one/again'], stream: 'buffered' },
      },
      clients: { alice: { sha256: hash('sha256', secret, 'hex'), ...limits }, bob: { sha256: bob } },
      clock,
    }),
  )
  const openai = new OpenAI({ baseURL: `${door.url}/v1`, apiKey: secret, maxRetries: 0 })
  const anthropic = new Anthropic({ baseURL: door.url, apiKey: secret, maxRetries: 0 })
  return { clock, provider, door, openai, anthropic }
}

/** What `ask` asks is taken for so many tokens. */
const prompt = 9
const messages = [{ role: 'user' as const, content: 'Hello.' }]
const question = { model: 'default', messages }
const tokensLeft = (response: Response): number =>
  Number(response.headers.get('x-ratelimit-remaining-tokens'))

describe('withinLimits', () => {
  it('refuses the request after the last, and lets the next one in when it said it would', async () => {
    const { clock, provider, openai } = await serve({ requests: { limit: 2, per: minute } })
    const { response } = await openai.chat.completions.create(question).withResponse()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '30s',
    })
    await openai.chat.completions.create(question)

    const refused = await openai.chat.completions.create(question).catch((error) => error)
    expect(refused).toBeInstanceOf(OpenAI.RateLimitError)
    expect(refused.code).toBe('rate_limit_exceeded')
    expect(refused.type).toBe('requests')
    expect(refused.message).toContain(
      "The client 'alice' has used up its 2 requests a minute. Try again in 30 s.",
    )
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': '30',
      'retry-after-ms': '30000',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1m0s',
    })
    await clock.advance(29_999)
    await expect(openai.chat.completions.create(question)).rejects.toThrow('Try again in 1 ms')
    await clock.advance(1)
    await openai.chat.completions.create(question)
    expect(provider.received).toHaveLength(3)
  })

  it('tells it a client of Anthropic in its own words', async () => {
    const { anthropic, door } = await serve({
      requests: { limit: 1, per: minute },
      tokens: { limit: 5_000, per: minute },
    })
    const { response } = await anthropic.messages.create({ ...question, max_tokens: 9 }).withResponse()
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0')
    expect(response.headers.get('anthropic-ratelimit-tokens-limit')).toBe('5000')
    expect(response.headers.get('anthropic-ratelimit-tokens-reset')).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    )
    expect(response.headers.get('x-ratelimit-limit-requests')).toBeNull()

    const refused = await anthropic.messages.create({ ...question, max_tokens: 9 }).catch((error) => error)
    expect(refused).toBeInstanceOf(Anthropic.RateLimitError)
    expect(refused.type).toBe('rate_limit_error')
    expect(refused.headers.get('retry-after')).toBe('60')
    expect(door.events.at(-1)).toMatchObject({ type: 'client.refused', client: 'alice', limit: 'requests' })
  })

  it('waits with the client’s own library, which tries again when it was told to', async () => {
    const { provider, door } = await serve({ requests: { limit: 100, per: 1_000 }, concurrent: 1 })
    provider.next({ does: 'stall' })
    const first = ask(door.url, {}, { headers, signal: AbortSignal.timeout(300) }).catch(() => undefined)
    await provider.seen(1)
    const client = new OpenAI({ baseURL: `${door.url}/v1`, apiKey: secret, maxRetries: 1 })
    const waits = client.chat.completions.create(question)

    await first
    expect((await waits).choices[0]?.message.content).toBeTruthy()
  })

  it('counts for nobody but the client: the other is served, no provider is blamed, and nothing is tried again', async () => {
    const { provider, door, openai } = await serve({ requests: { limit: 1, per: minute } })
    await openai.chat.completions.create(question)
    const refused = await Promise.all(Array.from({ length: 50 }, () => ask(door.url, {}, { headers })))
    const bobs = await ask(door.url, {}, { headers: { 'x-api-key': 'hf-the-secret-of-bob' } })

    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]))
    expect(bobs.status).toBe(200)
    expect(bobs.headers.get('x-ratelimit-limit-requests')).toBeNull()
    expect(provider.received).toHaveLength(2)
    const { chains } = door.gateway.status()
    expect(chains[0]).toMatchObject({
      counts: { requests: 2, failed: 0 },
      links: [{ attempts: 2, failures: {} }],
    })
    const samples = door.gateway
      .families()
      .find(({ name }) => name.endsWith('client_refusals_total'))?.samples
    expect(samples).toContainEqual({ labels: { client: 'alice', limit: 'requests' }, value: 50 })
    expect(samples).toHaveLength(8)
    const letIn = door.gateway.families().find(({ name }) => name.endsWith('client_requests_total'))?.samples
    expect(letIn).toEqual([
      { labels: { client: 'alice' }, value: 1 },
      { labels: { client: 'bob' }, value: 1 },
    ])
  })

  it('has as many in flight as it may, however they end', async () => {
    const { provider, door } = await serve({ concurrent: 2 })
    provider.always({ does: 'stall', after: 2 })
    const leaving = new AbortController()
    const streams = await Promise.all(
      [1, 2].map(() => ask(door.url, { stream: true }, { headers, signal: leaving.signal })),
    )
    const third = await ask(door.url, {}, { headers })
    expect(third.status).toBe(429)
    expect(third.headers.get('retry-after-ms')).toBe('1000')
    expect(await third.text()).toContain('has 2 requests in flight')

    leaving.abort()
    await Promise.all(streams.map((stream) => stream.text().catch(() => '')))
    provider.always({ does: 'answer' })
    await expect.poll(async () => (await ask(door.url, {}, { headers })).status).toBe(200)
    expect((await ask(door.url, {}, { headers })).status).toBe(200)
  })

  it('reserves the tokens of an answer that may be long, and refuses what has no room beside it', async () => {
    const { clock, provider, door } = await serve({ tokens: { limit: 1_000, per: minute } })
    provider.next({ does: 'stall' })
    const leaving = new AbortController()
    const long = ask(door.url, { max_tokens: 900 }, { headers, signal: leaving.signal }).catch(
      () => undefined,
    )
    await provider.seen(1)
    const beside = await ask(door.url, { max_tokens: 200 }, { headers })
    const body = (await beside.json()) as { error: { message: string; type: string } }
    expect([beside.status, body.error.type]).toEqual([429, 'tokens'])
    expect(body.error.message).toMatch(
      /1000 tokens a minute, and too few are left for a request of about 2\d\d/,
    )
    expect((await ask(door.url, { max_tokens: 10 }, { headers })).status).toBe(200)

    await clock.advance(Number(beside.headers.get('retry-after-ms')))
    expect((await ask(door.url, { max_tokens: 200 }, { headers })).status).toBe(200)
    leaving.abort()
    await long
  })

  it('gives back what a request has not used: one that failed, one whose client left, one that nobody heard', async () => {
    const { provider, door } = await serve({ tokens: { limit: 1_000, per: minute } })
    provider.next({ does: 'refuse', status: 400 })
    expect((await ask(door.url, { max_tokens: 900 }, { headers })).status).toBe(400)
    provider.next({ does: 'reset' })
    expect((await ask(door.url, { max_tokens: 900 }, { headers })).status).toBe(503)
    provider.next({ does: 'stall' })
    const leaving = new AbortController()
    const gone = ask(door.url, { max_tokens: 900 }, { headers, signal: leaving.signal }).catch(
      () => undefined,
    )
    await provider.seen(provider.received.length + 1)
    leaving.abort()
    await gone
    await expect.poll(() => door.gateway.status().inFlight).toBe(0)

    expect(tokensLeft(await ask(door.url, { max_tokens: 1 }, { headers }))).toBeGreaterThan(900)
  })

  it('counts what an answer really took, once that is known', async () => {
    const { provider, door } = await serve({ tokens: { limit: 1_000, per: minute } })
    await (await ask(door.url, { max_tokens: 900 }, { headers })).text()
    // The provider tells 5 and 12 of each answer.
    expect(tokensLeft(await ask(door.url, { max_tokens: 0 }, { headers }))).toBe(1_000 - 17 - prompt)

    provider.next({ does: 'answer', text: 'word '.repeat(2_000) })
    await (await ask(door.url, { max_tokens: 0 }, { headers })).text()
    const owing = await ask(door.url, { max_tokens: 0 }, { headers })
    expect([owing.status, tokensLeft(owing)]).toEqual([429, 0])
    expect(Number(owing.headers.get('retry-after'))).toBeGreaterThan(60)
  })

  it('has who left in the middle of an answer pay for what had come', async () => {
    const { provider, door } = await serve({ tokens: { limit: 1_000, per: minute } })
    provider.next({ does: 'stall', after: 8 })
    const leaving = new AbortController()
    const stream = await ask(door.url, { stream: true, max_tokens: 900 }, { headers, signal: leaving.signal })
    await stream.body!.getReader().read()
    leaving.abort()
    await expect.poll(() => door.gateway.status().inFlight).toBe(0)
    const left = tokensLeft(await ask(door.url, { max_tokens: 0 }, { headers }))

    expect(left).toBeLessThan(1_000 - 2 * prompt)
    expect(left).toBeGreaterThan(900)
  })

  it('says at once that a prompt is too large for all that a client may ever use', async () => {
    const { provider, door, openai } = await serve({ tokens: { limit: 100, per: minute } })
    const content = 'word '.repeat(200)
    const refused = await openai.chat.completions
      .create({ model: 'default', messages: [{ role: 'user', content }] })
      .catch((error) => error)

    expect(refused.message).toMatch(/the prompt alone takes about 25\d: send less at once\.$/)
    expect(refused.headers.get('x-should-retry')).toBe('false')
    expect(refused.headers.get('retry-after')).toBeNull()
    expect(provider.received).toEqual([])
    expect((await ask(door.url, { max_tokens: 1_000_000 }, { headers })).status).toBe(200)
  })

  it('keeps what a provider says of its own limits to itself', async () => {
    const { provider, door } = await serve({ requests: { limit: 5, per: minute } })
    const bytes = [
      '{"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}',
    ]
    const own = {
      'x-ratelimit-remaining-tokens': '7',
      'x-ratelimit-remaining-requests': '77',
      'content-type': 'application/json',
    }
    provider.next({ does: 'say', headers: own, bytes })
    const answer = await ask(door.url, {}, { headers })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-ratelimit-remaining-tokens')).toBeNull()
    expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe('4')
  })

  it.each([
    ['its key', { buffered: true }, 'both'],
    ['the chain', {}, 'whole'],
  ])(
    'keeps the streams of a client back until they are whole, where %s says so',
    async (_, limits, model) => {
      const { provider, door } = await serve(limits)
      provider.next({ does: 'cut', after: 3 })
      const response = await ask(door.url, { model, stream: true }, { headers })
      const text = await response.text()

      expect(text).toContain('[DONE]')
      expect(text).not.toContain('took over')
      expect(provider.received).toHaveLength(2)
    },
  )

  it('lets exactly as many of five hundred at once in as it may', async () => {
    const { provider, door } = await serve({ requests: { limit: 30, per: minute }, concurrent: 25 })
    const statuses = await Promise.all(
      Array.from({ length: 500 }, async () => {
        const response = await ask(door.url, {}, { headers })
        await response.text()
        return response.status
      }),
    )

    expect(statuses.filter((status) => status === 200)).toHaveLength(provider.received.length)
    expect(statuses.filter((status) => status === 429)).toHaveLength(500 - provider.received.length)
    expect(provider.received.length).toBeLessThanOrEqual(30)
    expect(provider.received.length).toBeGreaterThanOrEqual(25)
    await turn()
    expect(door.gateway.status().inFlight).toBe(0)
  })
})
