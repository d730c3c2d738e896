import { afterEach, describe, expect, it } from 'vitest'
import {
  ask,
  askStream,
  type FakeAnthropic,
  type FakeProvider,
  fakeAnswer,
  fakeAnthropic,
  fakeProvider,
  gatewayServer,
  quickPolicy,
} from './testing/index.ts'
import type { UpstreamOptions } from './upstream.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}
const policy = { ...quickPolicy, retry: { attempts: 1 } }
const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
const shown = { messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }] }
const tools = { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] }

interface Setting {
  readonly url: string
  readonly one: FakeProvider
  readonly two: FakeProvider
}

/** Two models: one that is known to be blind, and one of which nothing is known. */
const serve = async (said: Partial<UpstreamOptions> = {}, links?: string[]): Promise<Setting> => {
  const one = open(await fakeProvider('one'))
  const two = open(await fakeProvider('two'))
  const { url } = open(
    await gatewayServer({
      upstreams: {
        one: { dialect: 'openai', url: one.url, policy, ...said },
        two: { dialect: 'openai', url: two.url, policy },
      },
      chains: { default: links ?? ['one/o3-mini', 'two/llava', 'rules'] },
      rules: [{ match: /./, answer: 'The models are away.' }],
    }),
  )
  return { url, one, two }
}

describe('a request with images', () => {
  it('passes over a model that is known to take none, and only with images', async () => {
    const { url, one, two } = await serve()
    const answer = await ask(url, shown)
    await ask(url)

    expect(answer.headers.get('x-holdfast-failed')).toBe('one/o3-mini=unable')
    expect([answer.headers.get('x-holdfast-link'), answer.headers.get('x-holdfast-attempts')]).toEqual([
      'two/llava',
      '1',
    ])
    expect([one.received.length, two.received.length]).toEqual([1, 1])
  })

  it('is refused with a reason where nobody can take it, and not answered by a rule', async () => {
    const { url, one } = await serve({}, ['one/o3-mini', 'rules'])
    const answer = await ask(url, shown)

    expect(answer.status).toBe(400)
    const { error } = (await answer.json()) as { error: object }
    expect(error).toEqual({
      message:
        "`messages`: as far as is known, o3-mini takes no images: leave it out, or name a chain with a model that does; if this one does, say `vision: true` of the upstream 'one'.",
      type: 'invalid_request_error',
      code: 'unsupported',
      param: 'messages',
    })
    expect(one.received).toHaveLength(0)
  })

  it('may be asked again later where a model that takes them is away', async () => {
    const { url, two } = await serve({}, ['one/o3-mini', 'two/llava'])
    two.always({ does: 'refuse', status: 503 })
    const answer = await ask(url, shown)

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  })

  it('goes to whom the file says that it sees', async () => {
    const { url, one } = await serve({ vision: true })

    expect((await ask(url, shown)).headers.get('x-holdfast-link')).toBe('one/o3-mini')
    expect(one.received).toHaveLength(1)
  })
})

describe('a request with tools', () => {
  it('passes over an upstream of which the file says that it takes none', async () => {
    const { url } = await serve({ tools: false })

    expect((await ask(url, tools)).headers.get('x-holdfast-failed')).toBe('one/o3-mini=unable')
    expect((await ask(url)).headers.get('x-holdfast-link')).toBe('one/o3-mini')
  })
})

describe('a stream that breaks off, before a model of Anthropic', () => {
  const broken = async (
    model: string,
    said: Partial<UpstreamOptions> = {},
  ): Promise<[string, FakeAnthropic]> => {
    const first = open(await fakeProvider('first'))
    const claude = open(await fakeAnthropic())
    first.always({ does: 'cut', after: 5 })
    const { url } = open(
      await gatewayServer({
        upstreams: {
          first: { dialect: 'openai', url: first.url, policy },
          claude: { dialect: 'anthropic', url: claude.url, key: 'k', policy, ...said },
        },
        chains: { default: ['first', `claude/${model}`] },
      }),
    )
    const { text, done } = await askStream(url)
    return [done ? text : `${text}…`, claude]
  }
  const roles = ({ received }: FakeAnthropic): unknown =>
    received.map(({ body }) => (body['messages'] as { role: string }[]).map(({ role }) => role))

  it.each<[string, string, Partial<UpstreamOptions>, string[]]>([
    ['goes on by prefill where the model is known to take one', 'sonnet-4-5', {}, ['user', 'assistant']],
    ['is spliced where it is known to refuse one, and is not asked in vain', 'sonnet-5-5', {}, ['user']],
    ['is spliced where the file says so', 'sonnet-4-5', { prefill: false }, ['user']],
  ])('%s', async (_, model, said, asked) => {
    const [text, claude] = await broken(`claude-${model}`, said)

    expect(roles(claude)).toEqual([asked])
    expect(text).toBe(fakeAnswer)
  })
})

describe('a request that is too long', () => {
  const tooLong = {
    does: 'refuse',
    status: 400,
    error: { error: { message: 'too long', code: 'context_length_exceeded' } },
  } as const

  it('goes on only to what takes more, by what the file says before what is known', async () => {
    const one = open(await fakeProvider('one'))
    const two = open(await fakeProvider('two'))
    one.always(tooLong)
    const at = (context: number): Promise<{ url: string } & AsyncDisposable> =>
      gatewayServer({
        upstreams: {
          one: { dialect: 'openai', url: one.url, policy, context: 8_000 },
          two: { dialect: 'openai', url: two.url, policy, context },
        },
        chains: { default: ['one/gpt-5', 'two/gpt-4'] },
      })
    const smaller = open(await at(8_000))
    const larger = open(await at(8_001))

    expect((await ask(smaller.url)).status).toBe(400)
    expect((await ask(larger.url)).headers.get('x-holdfast-link')).toBe('two/gpt-4')
  })
})
