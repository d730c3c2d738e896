import Anthropic from '@anthropic-ai/sdk'
import {
  fakeAnswer,
  fakeAnthropic,
  fakeProvider,
  gatewayServer,
  quickPolicy,
} from '@holdfast/gateway/testing'
import { afterEach, describe, expect, it } from 'vitest'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

const policy = { ...quickPolicy, retry: { attempts: 1 } }

async function serve() {
  const claude = open(await fakeAnthropic())
  const other = open(await fakeAnthropic())
  const gpt = open(await fakeProvider('gpt-fake'))
  const door = open(
    await gatewayServer({
      upstreams: {
        claude: { dialect: 'anthropic', url: claude.url, key: 'k', policy },
        other: { dialect: 'anthropic', url: other.url, key: 'k', policy },
        gpt: { dialect: 'openai', url: gpt.url, policy },
      },
      chains: {
        gpt: ['gpt/gpt-fake'],
        both: ['claude/claude-opus-4-5', 'gpt/gpt-fake', 'rules'],
        claudes: ['claude/claude-opus-4-5', 'other/claude-opus-4-5'],
      },
      rules: [{ match: /./, answer: 'only a rule' }],
    }),
  )
  const anthropic = new Anthropic({ baseURL: door.url, apiKey: 'mine', maxRetries: 0 })
  return { claude, other, gpt, anthropic }
}

const weather = {
  type: 'custom' as const,
  name: 'weather',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
  parse: (input: unknown) => input,
  run: async () => 'sunny',
}
const use = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Wien' } }
const call = { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Wien"}' } }
const calls = {
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: null, tool_calls: [call] },
      finish_reason: 'tool_calls',
    },
  ],
}
const lost = {
  does: 'refuse' as const,
  status: 404,
  type: 'not_found_error',
  details: { error_code: 'thread_not_found' },
}
const head = { 'content-type': 'application/json' }

/** Anthropic's own loop of tools: it has the provider keep the conversation, and sends only what is new. */
const run = async (anthropic: Anthropic, model: string): Promise<string> => {
  const messages = [{ role: 'user' as const, content: 'Weather?' }]
  const { content } = await anthropic.beta.messages.toolRunner({
    model,
    max_tokens: 100,
    messages,
    tools: [weather],
  })
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

const threads = (received: readonly { readonly body: object }[]) =>
  received.map(({ body }) => (body as { thread?: { type: string } }).thread?.type)

describe("Anthropic's loop of tools, which has the provider keep the conversation", () => {
  it('works where nobody keeps any: it is told, and sends all of it', async () => {
    const { anthropic, gpt } = await serve()
    gpt.next({ does: 'say', headers: head, bytes: [JSON.stringify(calls)] })

    expect(await run(anthropic, 'gpt')).toBe(fakeAnswer)
    expect(gpt.received.map(({ body }) => (body['messages'] as object[]).length)).toEqual([1, 3])
  })

  it('goes on at a provider of the other wire when the one that kept it dies', async () => {
    const { anthropic, claude, gpt } = await serve()
    const dead = { does: 'refuse' as const, status: 529, type: 'overloaded_error' }
    claude.next({ does: 'answer', content: [use] }, dead, dead)

    expect(await run(anthropic, 'both')).toBe(fakeAnswer)
    expect(threads(claude.received)).toEqual(['create', 'continue', 'create'])
    expect(gpt.received.map(({ body }) => (body['messages'] as object[]).length)).toEqual([3])
  })

  it('finds the one that keeps it further down the chain', async () => {
    const { anthropic, claude, other } = await serve()
    claude.next({ does: 'refuse', status: 529, type: 'overloaded_error' }, lost)
    other.next({ does: 'answer', content: [use] })

    expect(await run(anthropic, 'claudes')).toBe(fakeAnswer)
    expect(threads(other.received)).toEqual(['create', 'continue'])
  })

  it('sends all of it when nobody has it any more', async () => {
    const { anthropic, claude, other } = await serve()
    claude.next({ does: 'answer', content: [use] }, lost)
    other.next(lost)

    expect(await run(anthropic, 'claudes')).toBe(fakeAnswer)
    expect(threads(claude.received)).toEqual(['create', 'continue', 'create'])
  })
})
