import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type FakeAnthropic,
  type FakeProvider,
  fakeAnthropic,
  fakeProvider,
  gatewayServer,
  quickPolicy,
} from './testing/index.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

interface Setting {
  readonly url: string
  readonly claude: FakeAnthropic
  readonly gpt: FakeProvider
  readonly spare: FakeProvider
  readonly openai: OpenAI
}

const serve = async (): Promise<Setting> => {
  const claude = open(await fakeAnthropic())
  const gpt = open(await fakeProvider())
  const spare = open(await fakeProvider())
  const policy = { ...quickPolicy, retry: { attempts: 1 } }
  const { url } = open(
    await gatewayServer({
      upstreams: {
        claude: { dialect: 'anthropic', url: claude.url, key: 'k', policy },
        gpt: { dialect: 'openai', url: gpt.url, responses: true, policy },
        spare: { dialect: 'openai', url: spare.url, responses: true, policy },
        plain: { dialect: 'openai', url: spare.url, policy },
      },
      chains: {
        all: ['claude/opus', 'gpt/small', 'spare/small', 'rules'],
        anthropic: ['claude/opus'],
        plain: ['plain'],
      },
      rules: [{ match: /./, answer: 'no' }],
    }),
  )
  return { url, claude, gpt, spare, openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x', maxRetries: 0 }) }
}

const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const json = (body: object): { does: 'say'; headers: Record<string, string>; bytes: string[] } => ({
  does: 'say',
  headers: { 'content-type': 'application/json' },
  bytes: [JSON.stringify(body)],
})

describe('POST /v1/messages/count_tokens', () => {
  it('is answered by the first link that speaks Anthropic, and by nobody else', async () => {
    const { url, claude, gpt } = await serve()
    const anthropic = new Anthropic({ baseURL: url, apiKey: 'x', maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'hi' }]

    expect(await anthropic.messages.countTokens({ model: 'all', messages })).toMatchObject({
      input_tokens: 42,
    })
    expect(claude.received[0]).toMatchObject({ path: '/v1/messages/count_tokens', body: { model: 'opus' } })
    const error = await anthropic.messages.countTokens({ model: 'plain', messages }).catch((each) => each)
    expect([error.status, error.type, error.message]).toEqual([
      400,
      'invalid_request_error',
      expect.stringContaining('nobody answers POST /v1/messages/count_tokens'),
    ])
    expect(gpt.received).toHaveLength(0)
  })
})

describe('POST /v1/embeddings', () => {
  it('passes over a link that fails, and one of the other wire, and goes through untouched', async () => {
    const { openai, gpt, spare } = await serve()
    const answer = { object: 'list', data: [{ embedding: [0.5, 1] }], usage: { prompt_tokens: 3 } }
    gpt.next({ does: 'refuse', status: 500 })
    spare.next(json(answer))
    const asked = { model: 'all', input: 'x', encoding_format: 'float' as const }

    expect(await openai.embeddings.create(asked)).toEqual(answer)
    expect(spare.received[0]).toMatchObject({ path: '/v1/embeddings', body: { ...asked, model: 'small' } })
  })

  it('is refused where nobody embeds', async () => {
    const { openai } = await serve()

    await expect(openai.embeddings.create({ model: 'anthropic', input: 'x' })).rejects.toMatchObject({
      status: 400,
    })
  })
})

describe('POST /v1/responses', () => {
  const said = [event('response.created'), event('response.output_text.delta', { delta: 'Hi' })]
  const whole = [...said, event('response.completed', { response: { id: 'r' } })]

  it('goes through, in one piece and streamed', async () => {
    const { url, gpt } = await serve()
    gpt.next({ does: 'say', bytes: whole }, json({ id: 'r', object: 'response', output: [] }))
    const ask = async (stream: boolean): Promise<string> => {
      const body = JSON.stringify({ model: 'all', input: 'hi', stream })
      return (await fetch(`${url}/v1/responses`, { method: 'POST', body })).text()
    }

    expect(await ask(true)).toBe(whole.join(''))
    expect(await ask(false)).toBe('{"id":"r","object":"response","output":[]}')
    expect(gpt.received[0]?.path).toBe('/v1/responses')
  })

  it('comes from the next link while the client has nothing, and is never cut short in silence', async () => {
    const { openai, gpt, spare } = await serve()
    const read = async (): Promise<string[]> => {
      const types: string[] = []
      for await (const { type } of await openai.responses.create({ model: 'all', input: 'hi', stream: true }))
        types.push(type)
      return types
    }
    gpt.next({ does: 'say', bytes: said.slice(0, 1) })
    spare.next({ does: 'say', bytes: whole })
    expect(await read()).toEqual(['response.created', 'response.output_text.delta', 'response.completed'])

    gpt.next({ does: 'say', bytes: said })
    await expect(read()).rejects.toMatchObject({ code: 'stream_broke_off' })
    expect(spare.received).toHaveLength(1)
  })

  it('comes from the next link even when the first dies in the middle, where it is kept back until it is whole', async () => {
    const { url, gpt, spare } = await serve()
    gpt.next({ does: 'say', bytes: said })
    spare.next({ does: 'say', bytes: whole })
    const body = JSON.stringify({ model: 'all', input: 'hi', stream: true })
    const headers = { 'x-holdfast-stream': 'buffered' }
    const response = await fetch(`${url}/v1/responses`, { method: 'POST', body, headers })

    expect(await response.text()).toBe(whole.join(''))
    expect(response.headers.get('x-holdfast-failed')).toBe('claude/opus=unable,gpt/small=transient')
  })

  it('is refused where nobody speaks it', async () => {
    const { openai } = await serve()

    await expect(openai.responses.create({ model: 'plain', input: 'x' })).rejects.toMatchObject({
      status: 400,
    })
  })
})
