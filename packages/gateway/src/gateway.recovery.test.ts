import type { Socket } from 'node:net'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ask,
  askStream,
  type Behaviour,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
  rawAnswer,
  rawChunk,
  rawProvider,
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
const between = async (
  first: { readonly url: string },
  second: { readonly url: string },
  more: Partial<UpstreamOptions> = {},
): Promise<GatewayServer> =>
  open(
    await gatewayServer({
      upstreams: {
        first: { dialect: 'openai', url: first.url, policy, ...more },
        second: { dialect: 'openai', url: second.url, policy, ...more },
      },
      chains: { default: ['first', 'second'] },
    }),
  )
const bytes = (...events: string[]): Behaviour => ({ does: 'say', bytes: events })
const providers = async (): Promise<[FakeProvider, FakeProvider]> => [
  open(await fakeProvider('first')),
  open(await fakeProvider('second')),
]
const done = 'data: [DONE]\n\n'
const stop = rawChunk({}, 'stop')
const beginning = 'Once upon a time there was a fox'

describe('a stream that breaks off, before an upstream that takes a prefill', () => {
  it('goes on where it broke off, in other words than the first would have used', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ content: `${beginning} ` })))
    second.next(
      bytes(rawChunk({ role: 'assistant', content: '' }), rawChunk({ content: ' who slept.' }), stop, done),
    )
    const { text, done: whole, raw } = await askStream((await between(first, second, { prefill: true })).url)

    expect({ text, whole }).toEqual({ text: `${beginning} who slept.`, whole: true })
    expect(raw).toContain('x-holdfast-link=second')
    expect(second.received[0]!.body['messages']).toEqual([
      { role: 'user', content: 'Tell me of the fox.' },
      { role: 'assistant', content: beginning },
    ])
  })

  it('is spliced where the upstream starts over all the same', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ content: beginning })))
    second.next({ does: 'answer', text: `${beginning} who slept.` })
    const { text, done: whole } = await askStream((await between(first, second, { prefill: true })).url)

    expect({ text, whole }).toEqual({ text: `${beginning} who slept.`, whole: true })
  })

  it('starts over where the upstream refuses it, and the client hears nothing of that', async () => {
    const [first, second] = await providers()
    first.next({ does: 'cut', after: 5 })
    second.next({ does: 'refuse', status: 400, error: { error: { message: 'no prefill' } } })
    const {
      text,
      done: whole,
      raw,
    } = await askStream((await between(first, second, { prefill: 'prefix' })).url)

    expect({ text, whole }).toEqual({ text: fakeAnswer, whole: true })
    expect(raw).not.toContain('no prefill')
    expect(second.received.map(({ body }) => (body['messages'] as unknown[]).length)).toEqual([2, 1])
  })

  it('goes on twice', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ content: 'One, ' })), bytes(rawChunk({ content: 'three.' }), stop, done))
    second.next(bytes(rawChunk({ content: 'two, ' })))
    const { text, done: whole } = await askStream((await between(first, second, { prefill: true })).url)

    expect({ text, whole }).toEqual({ text: 'One, two, three.', whole: true })
  })

  it('is another answer where it is half repeated, and then a tool is called', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ content: beginning })))
    first.always({ does: 'reset' })
    const call = { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }
    second.always(bytes(rawChunk({ content: 'Once upon' }), rawChunk(call), rawChunk({}, 'tool_calls'), done))
    const {
      text,
      done: whole,
      error,
    } = await askStream((await between(first, second, { prefill: true })).url)

    expect([text, whole, error?.code]).toEqual([beginning, false, 'stream_broke_off'])
  })

  it('ends with what the upstream calls of tools', async () => {
    const [first, second] = await providers()
    const call = { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }
    first.next(bytes(rawChunk({ content: 'I look it up. ' })))
    second.next(bytes(rawChunk(call), rawChunk({}, 'tool_calls'), done))
    const { text, done: whole, raw } = await askStream((await between(first, second, { prefill: true })).url)

    expect({ text, whole }).toEqual({ text: 'I look it up. ', whole: true })
    expect(raw.match(/"id":"a"/g)).toHaveLength(1)
  })
})

describe('a stream that breaks off', () => {
  const call = (text: string): string =>
    rawChunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: text } }] })

  it('inside a call of a tool comes whole from the next link, since nobody has the half', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ role: 'assistant', content: null }), call('{"a')))
    second.next(bytes(call('{"b":1}'), rawChunk({}, 'tool_calls'), done))
    const { raw, done: whole, response } = await askStream((await between(first, second)).url)

    expect(whole).toBe(true)
    expect(raw).not.toContain('{\\"a')
    expect(raw).toContain('{\\"b\\":1}')
    expect(response.headers.get('x-holdfast-link')).toBe('second')
  })

  it('inside a call of a tool after some text keeps the text and gets the call', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ content: 'Wait.' }), call('{"a')))
    second.next(bytes(rawChunk({ content: 'Wait.' }), call('{"b":1}'), rawChunk({}, 'tool_calls'), done))
    const { raw, text, done: whole } = await askStream((await between(first, second)).url)

    expect({ text, whole }).toEqual({ text: 'Wait.', whole: true })
    expect(raw).not.toContain('{\\"a')
    expect(raw).toContain('{\\"b\\":1}')
  })

  it('and calls a tool where the first said more is another answer', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ content: 'Wait.' })))
    second.always(bytes(call('{}'), rawChunk({}, 'tool_calls'), done))
    first.always({ does: 'reset' })
    const { done: whole, error } = await askStream((await between(first, second)).url)

    expect([whole, error?.code]).toEqual([false, 'stream_broke_off'])
  })

  it.each([
    ['[DONE]', done],
    ['its connection', ''],
  ])('is not whole when a call of a tool ends with %s alone', async (_, end) => {
    const [first, second] = await providers()
    first.next(bytes(call('{"a"'), end))
    const { text, done: whole } = await askStream((await between(first, second)).url)

    expect({ text, whole }).toEqual({ text: fakeAnswer, whole: true })
  })

  it('inside its thoughts goes on with the answer of the next link', async () => {
    const [first, second] = await providers()
    first.next(bytes(rawChunk({ reasoning_content: 'hm' })))
    second.next(bytes(rawChunk({ reasoning_content: 'ah' }), rawChunk({ content: 'Yes.' }), stop, done))
    const { text, raw, done: whole } = await askStream((await between(first, second)).url)

    expect({ text, whole }).toEqual({ text: 'Yes.', whole: true })
    expect(raw).toContain('"hm"')
    expect(raw).not.toContain('"ah"')
  })

  it('costs a client that asked for a buffered stream nothing, whatever the next link says', async () => {
    const [first, second] = await providers()
    first.next({ does: 'cut', after: 5 })
    second.next({ does: 'answer', text: 'Something else.', usage: true })
    const { url } = await between(first, second)
    const headers = { 'content-type': 'application/json', 'x-holdfast-stream': 'buffered' }
    const response = await ask(url, { stream: true }, { headers })
    const raw = await response.text()

    expect(response.headers.get('x-holdfast-link')).toBe('second')
    expect(raw).not.toContain('quick')
    expect(raw).toMatch(/"Something ".*"total_tokens".*\[DONE\]\n\n$/s)
  })
})

describe('an upstream that is asked for streams', () => {
  it('answers a client that wants one piece, and is left when it falls silent', async () => {
    const [first, second] = await providers()
    first.next({ does: 'stall', after: 3 })
    second.next({ does: 'answer', usage: true })
    const response = await ask((await between(first, second, { streams: true })).url, { stream: false })

    expect(second.received[0]!.body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(response.headers.get('x-holdfast-failed')).toBe('first=timeout')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      id: 'chatcmpl-fake',
      object: 'chat.completion',
      created: 1,
      model: 'second',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: fakeAnswer },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 12, total_tokens: 17 },
    })
  })

  it.each([
    ['an error', bytes('data: {"error":{"message":"busy"}}\n\n'), 'transient'],
    ['garbage', { does: 'garble', after: 2 }, 'transient'],
    ['[DONE] too early', bytes(rawChunk({ content: 'x' }), done), 'transient'],
    ['half of it', { does: 'cut', after: 2 }, 'broken'],
  ] satisfies [string, Behaviour, string][])('is passed over when it sends %s', async (_, behaviour, why) => {
    const [first, second] = await providers()
    first.next(behaviour)
    const response = await ask((await between(first, second, { streams: true })).url)

    expect(response.headers.get('x-holdfast-failed')).toBe(`first=${why}`)
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: fakeAnswer } }] })
  })

  it('may answer in one piece', async () => {
    const [first, second] = await providers()
    first.next({
      does: 'say',
      headers: { 'content-type': 'application/json' },
      bytes: ['{"choices":[{"message":{"content":"one piece"}}]}'],
    })
    const response = await ask((await between(first, second, { streams: true })).url)

    expect(response.headers.get('x-holdfast-link')).toBe('first')
    expect(await response.json()).toEqual({ choices: [{ message: { content: 'one piece' } }] })
  })
})

describe('a stream in which nothing happens', () => {
  it('is kept alive by comments, and its head goes out after three silences', async () => {
    const clock = fakeClock()
    const asked = Promise.withResolvers<Socket>()
    const raw = open(await rawProvider((socket) => asked.resolve(socket)))
    const patient = { ...quickPolicy, timeout: { firstToken: 600_000, idle: 600_000, total: 600_000 } }
    const door = open(
      await gatewayServer({
        upstreams: { raw: { dialect: 'openai', url: raw.url, policy: patient } },
        chains: { default: ['raw'] },
        clock,
      }),
    )
    const streamed = ask(door.url, { stream: true })
    const socket = await asked.promise
    await clock.advance(45_000)
    const response = await streamed
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()

    expect((await reader.read()).value).toBe(': keep-alive\n\n')
    socket.end(
      rawAnswer(
        ['content-type: text/event-stream', 'connection: close'],
        rawChunk({ role: 'assistant', content: '' }) + rawChunk({ content: 'Yes.' }) + stop + done,
      ),
    )
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value
    expect(rest).toContain('x-holdfast-link=raw')
    expect(rest).toContain('"role":"assistant"')
    expect(rest).toMatch(/"Yes\.".*\[DONE\]\n\n$/s)
  })
})
