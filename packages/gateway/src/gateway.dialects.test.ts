import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type FakeAnthropic,
  type FakeProvider,
  fakeAnswer,
  fakeAnthropic,
  fakeProvider,
  type GatewayServer,
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
  readonly door: GatewayServer
  readonly claude: FakeAnthropic
  readonly gpt: FakeProvider
  readonly anthropic: Anthropic
  readonly openai: OpenAI
}

/** A gateway before both dialects, and both clients as their makers ship them. */
const serve = async (): Promise<Setting> => {
  const claude = open(await fakeAnthropic())
  const gpt = open(await fakeProvider('gpt-fake'))
  const policy = { ...quickPolicy, retry: { attempts: 1 } }
  const door = open(
    await gatewayServer({
      upstreams: {
        claude: { dialect: 'anthropic', url: claude.url, key: 'k', policy },
        gpt: { dialect: 'openai', url: gpt.url, policy },
        streaming: { dialect: 'anthropic', url: claude.url, key: 'k', streams: true, prefill: true, policy },
      },
      chains: {
        claude: ['claude/claude-opus-4-5'],
        gpt: ['gpt/gpt-fake'],
        both: ['claude/claude-opus-4-5', 'gpt/gpt-fake'],
        back: ['gpt/gpt-fake', 'claude/claude-opus-4-5'],
        rules: ['rules'],
        streaming: ['streaming'],
        continued: ['gpt/gpt-fake', 'streaming'],
      },
      rules: [{ match: /hello/i, answer: 'Hello yourself.' }],
    }),
  )
  return {
    door,
    claude,
    gpt,
    anthropic: new Anthropic({ baseURL: door.url, apiKey: 'mine', maxRetries: 0 }),
    openai: new OpenAI({ baseURL: `${door.url}/v1`, apiKey: 'mine', maxRetries: 0 }),
  }
}

const hello = [{ role: 'user' as const, content: 'Hello' }]
const ofAnthropic = (model: string) => ({ model, max_tokens: 100, messages: hello })
const words = (message: Anthropic.Message): string =>
  message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')

const weather = { type: 'object' as const, properties: { city: { type: 'string' } } }
const use = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Wien' } }
const thought = { type: 'thinking', thinking: 'Hm.', signature: 'sig' }

describe("Anthropic's own client", () => {
  it.each(['claude', 'gpt', 'rules'])(
    'gets a message from the chain %s, in one piece and streamed',
    async (chain) => {
      const { anthropic } = await serve()
      const expected = chain === 'rules' ? 'Hello yourself.' : fakeAnswer
      const message = await anthropic.messages.create(ofAnthropic(chain))
      const streamed = await anthropic.messages.stream(ofAnthropic(chain)).finalMessage()

      expect([words(message), message.stop_reason]).toEqual([expected, 'end_turn'])
      expect([words(streamed), streamed.stop_reason]).toEqual([expected, 'end_turn'])
    },
  )

  it('gets from Anthropic what came, byte by byte, and is passed on as it asked', async () => {
    const { door, claude } = await serve()
    const odd = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    const content = [thought, odd, { type: 'text', text: fakeAnswer }, use]
    const body =
      '{"max_tokens":1.0e1, "stream":true,"model":"claude","messages":[{"role":"user","content":"hi"}]}'
    claude.next({ does: 'answer', content }, { does: 'answer', content })
    const ask = (json: string): Promise<Response> =>
      fetch(`${door.url}/v1/messages`, { method: 'POST', body: json, headers: { 'anthropic-beta': 'b' } })

    const streamed = await (await ask(body)).text()
    expect(streamed).toBe(claude.sent)
    expect(claude.received[0]?.raw).toBe(body.replace('"claude"', '"claude-opus-4-5"'))
    expect(claude.received[0]?.headers).toMatchObject({ 'x-api-key': 'k', 'anthropic-beta': 'b' })
    const whole = await (await ask(body.replace('true', 'false'))).text()
    expect(whole).toBe(claude.sent)
  })

  it('calls tools of a model behind the other wire, and tells it what they found', async () => {
    const { anthropic, gpt } = await serve()
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Wien"}' },
    }
    const chunk = (delta: object, finish: string | null = null): string =>
      `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
    gpt.next({
      does: 'say',
      bytes: [
        chunk({
          role: 'assistant',
          tool_calls: [{ index: 0, ...call, function: { name: 'weather', arguments: '' } }],
        }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '"Wien"}' } }] }),
        chunk({}, 'tool_calls'),
        'data: [DONE]\n\n',
      ],
    })
    const tools = [{ name: 'weather', input_schema: weather }]
    const first = await anthropic.messages.stream({ ...ofAnthropic('gpt'), tools }).finalMessage()
    const [block] = first.content
    await anthropic.messages.create({
      ...ofAnthropic('gpt'),
      tools,
      messages: [
        ...hello,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: '20 degrees' }] },
      ],
    })

    expect(first.stop_reason).toBe('tool_use')
    expect(block).toMatchObject({ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Wien' } })
    expect(gpt.received[1]?.body['messages']).toEqual([
      ...hello,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: '20 degrees' },
    ])
  })

  it.each([
    ['claude', Anthropic.BadRequestError, { status: 400, type: 'invalid_request_error' }],
    ['gpt', Anthropic.BadRequestError, { status: 400, type: 'invalid_request_error' }],
    ['nowhere', Anthropic.NotFoundError, { status: 404, type: 'not_found_error' }],
  ])('is told an error of the chain %s in its own words', async (chain, kind, expected) => {
    const { anthropic, claude, gpt } = await serve()
    claude.next({ does: 'refuse', status: 400, type: 'invalid_request_error', message: 'no' })
    gpt.next({
      does: 'refuse',
      status: 400,
      error: { error: { message: 'no', type: 'invalid_request_error' } },
    })
    const error = await anthropic.messages.create(ofAnthropic(chain)).catch((each) => each)

    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject(expected)
  })

  it('is told that nobody can answer, and when to come back', async () => {
    const { anthropic, claude, gpt } = await serve()
    claude.next({ does: 'refuse', status: 529, type: 'overloaded_error' })
    gpt.next({ does: 'refuse', status: 500 })
    const error = await anthropic.messages.create(ofAnthropic('both')).catch((each) => each)

    expect(error).toMatchObject({
      status: 503,
      type: 'overloaded_error',
      error: { error: { code: 'chain_exhausted' } },
    })
    expect(error.headers.get('retry-after')).toBe('5')
  })

  it('is told which of its words the other wire has none for', async () => {
    const { anthropic, gpt } = await serve()
    const tools = [{ type: 'web_search_20250305' as const, name: 'web_search' as const }]
    const error = await anthropic.messages.create({ ...ofAnthropic('gpt'), tools }).catch((each) => each)

    expect([error.status, error.message]).toEqual([400, expect.stringContaining('tools[0].type: web_search')])
    expect(gpt.received).toHaveLength(0)
    const message = await anthropic.messages.create({ ...ofAnthropic('back'), tools })
    expect(words(message)).toBe(fakeAnswer)
  })

  it('sees one message when the other wire takes up a stream that broke off', async () => {
    const { anthropic, claude, gpt } = await serve()
    claude.next({ does: 'cut', after: 4 })
    const there = anthropic.messages.stream(ofAnthropic('both'))
    const types: string[] = []
    there.on('streamEvent', ({ type }) => void types.push(type))

    expect(words(await there.finalMessage())).toBe(fakeAnswer)
    expect(gpt.received).toHaveLength(1)
    expect([types.at(0), types.at(-3), types.at(-2), types.at(-1)]).toEqual([
      'message_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    gpt.next({ does: 'cut', after: 4 })
    expect(words(await anthropic.messages.stream(ofAnthropic('back')).finalMessage())).toBe(fakeAnswer)
  })

  it('gets an error, and no end, where nobody can go on', async () => {
    const { anthropic, claude, gpt } = await serve()
    claude.next({ does: 'fail', after: 3, type: 'overloaded_error' })
    claude.next({ does: 'refuse', status: 500, type: 'api_error' })
    gpt.always({ does: 'answer', text: 'Something else altogether.' })
    const there = anthropic.messages.stream(ofAnthropic('both'))

    await expect(there.finalMessage()).rejects.toMatchObject({ type: 'overloaded_error' })
  })

  it('may send back what a model of the other wire thought, to Anthropic as well', async () => {
    const { anthropic, claude } = await serve()
    const content = [
      { type: 'thinking' as const, thinking: 'Hm.', signature: '' },
      { type: 'text' as const, text: 'Hi.' },
    ]
    await anthropic.messages.create({
      ...ofAnthropic('claude'),
      messages: [...hello, { role: 'assistant', content }, ...hello],
    })

    expect(claude.received[0]?.body['messages']).toEqual([
      ...hello,
      { role: 'assistant', content: [{ type: 'text', text: 'Hi.' }] },
      ...hello,
    ])
  })

  it('lists the chains', async () => {
    const { anthropic } = await serve()
    const models = await anthropic.models.list()

    expect(models.data.map(({ id }) => id)).toEqual([
      'claude',
      'gpt',
      'both',
      'back',
      'rules',
      'streaming',
      'continued',
    ])
    expect(await anthropic.models.retrieve('both')).toMatchObject({ type: 'model', id: 'both' })
    await expect(anthropic.models.retrieve('nobody')).rejects.toMatchObject({ status: 404 })
  })
})

describe("OpenAI's own client", () => {
  it('gets one piece, as the other client does, where the upstream is asked for a stream all the same', async () => {
    const { openai, anthropic, claude } = await serve()
    const completion = await openai.chat.completions.create({ model: 'streaming', messages: hello })
    const message = await anthropic.messages.create(ofAnthropic('streaming'))

    expect(completion).toMatchObject({
      choices: [{ message: { content: fakeAnswer } }],
      usage: { total_tokens: 20 },
    })
    expect([words(message), message.usage.output_tokens]).toEqual([fakeAnswer, 12])
    expect(claude.received.map(({ body }) => body.stream)).toEqual([true, true])
  })

  it('gets the rest of a sentence from Anthropic, which is given its beginning', async () => {
    const { openai, claude, gpt } = await serve()
    gpt.next({ does: 'cut', after: 4 })
    claude.next({ does: 'answer', content: [{ type: 'text', text: ' leaps.' }] })
    const stream = openai.chat.completions.stream({ model: 'continued', messages: hello })

    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(
      'The quick brown fox leaps.',
    )
    expect(claude.received[0]?.body['messages']).toMatchObject([
      {},
      { role: 'assistant', content: 'The quick brown fox' },
    ])
  })

  it('gets a completion from Anthropic, in one piece and streamed, with its tokens', async () => {
    const { openai } = await serve()
    const asked = { model: 'claude', messages: hello }
    const completion = await openai.chat.completions.create(asked)
    const stream = openai.chat.completions.stream({ ...asked, stream_options: { include_usage: true } })
    const streamed = await stream.finalChatCompletion()
    const usage = { prompt_tokens: 8, completion_tokens: 12, total_tokens: 20 }

    expect(completion).toMatchObject({
      model: 'claude-fake',
      choices: [{ message: { content: fakeAnswer }, finish_reason: 'stop' }],
      usage: { ...usage, prompt_tokens_details: { cached_tokens: 3 } },
    })
    expect(streamed.choices[0]).toMatchObject({ message: { content: fakeAnswer }, finish_reason: 'stop' })
    expect(streamed.usage).toMatchObject(usage)
  })

  it('calls tools of Anthropic, and brings back what it thought with its signature', async () => {
    const { openai, claude } = await serve()
    claude.next({ does: 'answer', content: [thought, use, { ...use, id: 'toolu_2', input: {} }] })
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: weather } }]
    const asked = { model: 'claude', messages: hello, tools }
    const first = await openai.chat.completions.stream(asked).finalChatCompletion()
    const message = first.choices[0]!.message
    const found = message.tool_calls!.map(({ id }) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: '20',
    }))
    await openai.chat.completions.create({ ...asked, messages: [...hello, message, ...found] })

    expect(message.tool_calls?.map((call) => 'function' in call && call.function.arguments)).toEqual([
      '{"city":"Wien"}',
      '{}',
    ])
    expect(claude.received[1]?.body['messages']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [thought, use, { ...use, id: 'toolu_2', input: {} }] },
      { role: 'user', content: [{ tool_use_id: 'toolu_1' }, { tool_use_id: 'toolu_2' }] },
    ])
  })

  it('is told an error of Anthropic in its own words', async () => {
    const { openai, claude } = await serve()
    claude.next({ does: 'refuse', status: 400, type: 'invalid_request_error', message: 'no' })
    const error = await openai.chat.completions
      .create({ model: 'claude', messages: hello })
      .catch((each) => each)

    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error.error).toEqual({ message: 'no', type: 'invalid_request_error', code: null, param: null })
  })

  it('gets the rest of a stream of Anthropic from the other wire', async () => {
    const { openai, claude } = await serve()
    claude.next({ does: 'cut', after: 4 })
    const stream = openai.chat.completions.stream({ model: 'both', messages: hello })

    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(fakeAnswer)
  })

  it('is told which of its words Anthropic has none for', async () => {
    const { openai } = await serve()
    const error = await openai.chat.completions
      .create({ model: 'claude', messages: hello, logprobs: true })
      .catch((each) => each)

    expect(error).toMatchObject({ status: 400, code: 'untranslatable', param: 'logprobs' })
  })
})
