import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  askStream,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  gatewayServer,
  quickPolicy,
  rawAnswer,
  rawChunk,
  rawProvider,
  type Streamed,
} from './testing/index.ts'
import type { UpstreamPolicy } from './upstream.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

/** A gateway in front of a provider that says these bytes, and of one that is well. */
const behind = async (
  answer: (socket: Socket, request: number) => void,
  timeout: UpstreamPolicy['timeout'] = quickPolicy.timeout,
): Promise<{ ask: (body?: object) => Promise<Streamed>; backup: FakeProvider; requests: () => number }> => {
  const raw = open(await rawProvider(answer))
  const backup = open(await fakeProvider('backup'))
  const policy = { ...quickPolicy, retry: { attempts: 1 }, timeout }
  const door = open(
    await gatewayServer({
      upstreams: {
        raw: { dialect: 'openai', url: raw.url, policy },
        backup: { dialect: 'openai', url: backup.url, policy },
      },
      chains: { default: ['raw', 'backup'] },
    }),
  )
  return { ask: (body) => askStream(door.url, body), backup, requests: () => raw.requests }
}

const long = { headers: 60_000, firstToken: 60_000, idle: 60_000 }
const head = rawAnswer(['content-type: text/event-stream', 'connection: close'])
const says =
  (...parts: (string | Buffer)[]) =>
  (socket: Socket): void =>
    void socket.end(Buffer.concat([head, ...parts.map((part) => Buffer.from(part))]))
const chunk = rawChunk
const hello = chunk({ content: 'Hello' })
const stop = chunk({}, 'stop')
const done = 'data: [DONE]\n\n'

describe('a stream through the gateway', () => {
  it.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['CR', (text: string) => text.replaceAll('\n', '\r')],
    ['a byte order mark', (text: string) => `\u{feff}${text}`],
    ['no space after the colon', (text: string) => text.replaceAll('data: ', 'data:')],
    ['data over several lines', (text: string) => text.replaceAll(',"choices"', '\ndata: ,"choices"')],
    ['comments, ids and pings', (text: string) => `: hi\n\nid: 1\nretry: 5\n\nevent: ping\ndata:\n\n${text}`],
  ])('is understood with %s', async (_, dressed) => {
    const { ask, backup } = await behind(says(dressed(hello + chunk({ content: ' world' }) + stop + done)))
    const { done: whole, raw, response } = await ask()

    expect(response.headers.get('x-holdfast-link')).toBe('raw')
    expect(raw).toContain('Hello')
    expect(raw).toContain(' world')
    expect(whole).toBe(true)
    expect(backup.received).toHaveLength(0)
  })

  it.each([
    ['finishes without a word', [chunk({ role: 'assistant', content: '' }), stop, done], ''],
    ['stops at its length', [hello, chunk({}, 'length')], 'Hello'],
    ['is filtered at its end', [hello, chunk({}, 'content_filter'), done], 'Hello'],
    ['says more after its finish', [hello, stop, chunk({ content: '!' }), done], 'Hello!'],
    ['breaks after its finish', [hello, stop, 'data: {"choi'], 'Hello'],
    ['turns to garbage after its finish', [hello, stop, 'data: <html>\n\n', done], 'Hello'],
    ['fails after its finish', [hello, stop, 'data: {"error":{"message":"x"}}\n\n'], 'Hello'],
  ])('is whole when it %s', async (_, parts, expected) => {
    const { ask, backup } = await behind(says(...parts))
    const { text, done: whole, error, broken } = await ask()

    expect({ text, whole, error, broken }).toEqual({
      text: expected,
      whole: true,
      error: undefined,
      broken: false,
    })
    expect(backup.received).toHaveLength(0)
  })

  it('carries the usage that comes after the finish', async () => {
    const usage = 'data: {"choices":[],"usage":{"total_tokens":7}}\n\n'
    const { ask } = await behind(says(hello, stop, usage, done))

    expect((await ask()).raw).toBe(hello + stop + usage + done)
  })

  it.each([
    ['[DONE] without any answer', [done]],
    ['an event named error', ['event: error\ndata: {"message":"Overloaded"}\n\n', done]],
    ['an error in plain words', ['event: error\ndata: Overloaded\n\n']],
    ['an error in a choice', ['data: {"choices":[{"delta":{"content":"x"},"finish_reason":"error"}]}\n\n']],
    ['an error beside its first word', ['data: {"choices":[{"delta":{"content":"x"}}],"error":"busy"}\n\n']],
    ['nothing but comments', [': wait\n\n'.repeat(50)]],
    ['an event of 9 MB', [`data: ${'x'.repeat(9_000_000)}`]],
    ['2 MB before its first token', [chunk({ role: 'assistant' }).repeat(15_000), hello, stop, done]],
    ['nothing', []],
  ])('comes from the next link when the first says %s', async (_, parts) => {
    const { ask } = await behind(says(...parts), long)
    const { text, done: whole, response } = await ask()

    expect({ text, whole }).toEqual({ text: fakeAnswer, whole: true })
    expect(response.headers.get('x-holdfast-failed')).toBe('raw=transient')
  })

  const role = chunk({ role: 'assistant' })
  it.each([
    [
      'what it calls compressed',
      ['content-type: text/event-stream', 'content-encoding: gzip'],
      hello + stop,
      'transient',
    ],
    ['what it calls a web page', ['content-type: text/html'], hello + stop, 'transient'],
    ['less than its length', ['content-type: text/event-stream', 'content-length: 10000'], role, 'broken'],
    [
      'more than its length',
      ['content-type: text/event-stream', 'content-length: 10'],
      hello + stop,
      'transient',
    ],
  ])('comes from the next link when the first sends %s', async (_, lines, body, why) => {
    const { ask } = await behind((socket) => void socket.end(rawAnswer(lines, body)), long)
    const { text, response } = await ask()

    expect(text).toBe(fakeAnswer)
    expect(response.headers.get('x-holdfast-failed')).toBe(`raw=${why}`)
  })

  it('counts the first token, not the first event, against the limit for it', async () => {
    const { ask, backup } = await behind((socket) => {
      socket.write(head)
      const drip = setInterval(() => socket.write(chunk({ role: 'assistant', content: '' })), 20)
      socket.once('close', () => clearInterval(drip))
    })

    expect((await ask()).text).toBe(fakeAnswer)
    expect(backup.received).toHaveLength(1)
  })

  it('takes an event that comes byte by byte for silence', async () => {
    const { ask } = await behind((socket) => {
      socket.write(Buffer.concat([head, Buffer.from(chunk({ content: fakeAnswer.slice(0, 9) }))]))
      const drip = setInterval(() => socket.write(' '), 20)
      socket.once('close', () => clearInterval(drip))
    })
    const { text, done: whole } = await ask()

    expect({ text, whole }).toEqual({ text: fakeAnswer, whole: true })
  })

  it('is not whole before all the choices that were asked for have finished', async () => {
    const { ask } = await behind(says(hello, stop))
    const { done: whole, error, broken } = await ask({ n: 2 })

    expect({ whole, broken }).toEqual({ whole: false, broken: true })
    expect(error?.code).toBe('stream_broke_off')
  })

  it('waits for the second choice, however late it begins', async () => {
    const { ask } = await behind(says(hello, stop, chunk({ content: 'Hi' }, null, 1), chunk({}, 'stop', 1)))
    const { raw, done: whole } = await ask({ n: 2 })

    expect(whole).toBe(true)
    expect(raw).toContain('"Hi"')
  })

  it('is whole although the provider keeps the connection open and goes on with small talk', async () => {
    const { ask } = await behind((socket) => {
      socket.write(Buffer.concat([head, Buffer.from(hello + stop)]))
      const drip = setInterval(() => socket.write('data: {"choices":[]}\n\n'), 20)
      socket.once('close', () => clearInterval(drip))
    })
    const { text, done: whole } = await ask()

    expect({ text, whole }).toEqual({ text: 'Hello', whole: true })
  })

  it('is whole although its time runs out between the finish and the end', async () => {
    const open = (socket: Socket): void => void socket.write(head + hello + stop)
    const { ask, backup } = await behind(open, { ...long, total: 150 })
    const { text, done: whole, error } = await ask()

    expect({ text, whole, error }).toEqual({ text: 'Hello', whole: true, error: undefined })
    expect(backup.received).toHaveLength(0)
  })
})
