import { hash } from 'node:crypto'
import Anthropic from '@anthropic-ai/sdk'
import { tracing } from '@holdfast/telemetry/tracing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, fakeProvider, type GatewayServer, gatewayServer, quickPolicy } from '../testing/index.ts'
import type { ClientOptions } from './client-options.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

const secrets = { alice: 'hf-the-secret-of-alice', bob: 'hf-the-secret-of-bob' } as const
const sha256 = (secret: string): string => hash('sha256', secret, 'hex')

const serve = async (clients?: Record<string, ClientOptions>) => {
  const provider = open(await fakeProvider())
  const one = {
    dialect: 'openai',
    url: provider.url,
    key: 'key-of-the-provider',
    policy: quickPolicy,
  } as const
  const door = open(
    await gatewayServer({
      upstreams: { one },
      chains: { default: ['one'], secret: ['one'] },
      clients: clients ?? {
        alice: { sha256: sha256(secrets.alice), chains: ['default'] },
        bob: { sha256: sha256(secrets.bob).toUpperCase() },
      },
    }),
  )
  return { provider, door }
}

const messages = [{ role: 'user' as const, content: 'Hello.' }]
const openai = ({ url }: GatewayServer, apiKey: string): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
const anthropic = ({ url }: GatewayServer, apiKey: string): Anthropic =>
  new Anthropic({ baseURL: url, apiKey, maxRetries: 0 })

describe('guarded', () => {
  it('lets the clients of both wires in with their keys, and sends the provider its own', async () => {
    const { provider, door } = await serve()

    await openai(door, secrets.alice).chat.completions.create({ model: 'default', messages })
    await anthropic(door, secrets.alice).messages.create({ model: 'default', messages, max_tokens: 9 })
    await ask(door.url, {}, { headers: { 'api-key': secrets.bob } })

    expect(provider.received.map(({ headers }) => headers.authorization)).toEqual(
      Array(3).fill('Bearer key-of-the-provider'),
    )
    expect(JSON.stringify(provider.received.map(({ headers }) => headers))).not.toContain('hf-the-secret')
    expect(door.events.map((event) => 'client' in event && event.client)).toEqual(['alice', 'alice', 'bob'])
    expect(JSON.stringify(door.events)).not.toContain('hf-the-secret')
  })

  it('says on the span of a request whose it was, and which limit it was over, and never the key', async () => {
    await using running = tracing({ service: 'gateway' })
    const alice = { sha256: sha256(secrets.alice), requests: { limit: 1, per: 3_600_000 } }
    const { door } = await serve({ alice })
    for (const key of [secrets.alice, secrets.alice, 'hf-somebody-else'])
      await ask(door.url, {}, { headers: { authorization: `Bearer ${key}` } })
    const attributes = running
      .traces()
      .map(({ spans }) => spans.find(({ kind }) => kind === 'server')?.attributes)

    expect(attributes).toHaveLength(3)
    expect(attributes).toContainEqual(
      expect.objectContaining({ 'holdfast.client': 'alice', 'holdfast.outcome': 'answered' }),
    )
    expect(attributes).toContainEqual(
      expect.objectContaining({ 'holdfast.client': 'alice', 'holdfast.limit': 'requests' }),
    )
    expect(attributes.filter((each) => each?.['holdfast.client'] === undefined)).toHaveLength(1)
    expect(JSON.stringify(running.traces())).not.toMatch(/hf-/)
  })

  it('tells a client of OpenAI that its key is nobody’s', async () => {
    const { provider, door } = await serve()
    const refused = await openai(door, 'hf-somebody-else')
      .chat.completions.create({ model: 'default', messages })
      .catch((error) => error)

    expect(refused).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(refused.code).toBe('invalid_api_key')
    expect(refused.message).not.toContain('hf-somebody-else')
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="holdfast", error="invalid_token"')
    expect(provider.received).toEqual([])
  })

  it('tells a client of Anthropic the same, in its own words, whatever it asks', async () => {
    const { door } = await serve()
    const client = anthropic(door, 'hf-somebody-else')

    for (const refused of [
      await client.messages.create({ model: 'default', messages, max_tokens: 9 }).catch((error) => error),
      await client.messages.countTokens({ model: 'default', messages }).catch((error) => error),
      await client.models.list().catch((error) => error),
    ]) {
      expect(refused).toBeInstanceOf(Anthropic.AuthenticationError)
      expect(refused.type).toBe('authentication_error')
    }
  })

  it.each([
    ['POST', '/v1/chat/completions'],
    ['POST', '/v1/messages'],
    ['POST', '/v1/embeddings'],
    ['POST', '/v1/responses'],
    ['GET', '/v1/models'],
    ['GET', '/v1/nonsense'],
    ['GET', '/v1/chat/completions'],
  ])('asks for a key at %s %s', async (method, path) => {
    const { door } = await serve()
    const response = await fetch(door.url + path, { method, ...(method === 'POST' && { body: '{' }) })

    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="holdfast"',
    ])
    expect(response.headers.get('x-correlation-id')).toBeTruthy()
    expect(await response.text()).toContain('There is no key')
  })

  it.each([
    { authorization: 'Bearer' },
    { authorization: `Basic ${secrets.bob}` },
    { authorization: `Bearer ${secrets.bob} ${secrets.bob}` },
    { authorization: secrets.bob },
    { 'x-api-key': '' },
    { 'x-api-key': `${secrets.bob}, ${secrets.bob}` },
    { 'api-key': sha256(secrets.bob) },
    { authorization: `Bearer sha256:${sha256(secrets.bob)}` },
    { cookie: `api-key=${secrets.bob}` },
  ])('takes %j for no key of anybody', async (headers) => {
    const { door } = await serve()

    expect((await ask(door.url, {}, { headers: headers as unknown as Record<string, string> })).status).toBe(
      401,
    )
  })

  it('takes one good key beside a bad one', async () => {
    const { door } = await serve()
    const headers = { authorization: 'bearer nobody', 'x-api-key': secrets.bob }

    expect((await ask(door.url, {}, { headers })).status).toBe(200)
  })

  it('asks nobody for a key at the probes', async () => {
    const { door } = await serve()
    const answers = await Promise.all(['/livez', '/readyz'].map((path) => fetch(door.url + path)))

    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })

  it('lets nobody in where nobody has a key', async () => {
    const { door } = await serve({})

    expect((await ask(door.url, {}, { headers: { authorization: 'Bearer x' } })).status).toBe(401)
  })

  it('shows a client the chains that it may ask, and no others', async () => {
    const { door } = await serve()
    const seen = async (client: OpenAI | Anthropic): Promise<string[]> => {
      const names = []
      for await (const { id } of client.models.list()) names.push(id)
      return names
    }

    expect(await seen(openai(door, secrets.alice))).toEqual(['default'])
    expect(await seen(anthropic(door, secrets.alice))).toEqual(['default'])
    expect(await seen(openai(door, secrets.bob))).toEqual(['default', 'secret'])
  })

  it('says of a chain that a client may not ask what it says of one that is not there', async () => {
    const { provider, door } = await serve()
    const refusal = async (model: string): Promise<string> => {
      const headers = { authorization: `Bearer ${secrets.alice}` }
      const response = await ask(door.url, { model }, { headers })
      return `${response.status} ${await response.text()}`
    }

    expect((await refusal('secret')).replace("'secret'", "'nowhere'")).toBe(await refusal('nowhere'))
    expect(await refusal('secret')).toMatch(/^404 .*model_not_found/)
    expect(provider.received).toEqual([])
  })
})
