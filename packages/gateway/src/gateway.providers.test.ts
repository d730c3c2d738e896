import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ask,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
  type RawProvider,
  rawAnswer,
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

/** A gateway in front of `first`, and of a provider that is well. */
const before = async (
  first: Partial<UpstreamOptions>,
): Promise<{ door: GatewayServer; backup: FakeProvider }> => {
  const backup = open(await fakeProvider('backup'))
  const policy = { ...quickPolicy, retry: { attempts: 1 } }
  const door = open(
    await gatewayServer({
      upstreams: {
        first: { dialect: 'openai', url: backup.url, policy, ...first },
        backup: { dialect: 'openai', url: backup.url, policy },
      },
      chains: { default: ['first', 'backup'], alone: ['first'] },
    }),
  )
  return { door, backup }
}

const saying = async (...bytes: (string | Buffer)[]): Promise<RawProvider> =>
  open(await rawProvider((socket) => void socket.end(Buffer.concat(bytes.map((part) => Buffer.from(part))))))

const completion = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
})
const whole = [`content-length: ${completion.length}`, 'connection: close']

interface Told {
  readonly error: { readonly message: string; readonly type: string }
}

describe('an answer through the gateway', () => {
  it.each([
    ['no content type', rawAnswer(whole, completion)],
    [
      'a content type with more in it',
      rawAnswer(['content-type: application/json;x=1', ...whole], completion),
    ],
    [
      'an interim answer before it',
      `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${rawAnswer(whole, completion)}`,
    ],
    ['an old protocol', `HTTP/1.0 200 OK\r\n\r\n${completion}`],
    ['a header in another alphabet', rawAnswer(['x-odd: 😀', ...whole], completion)],
    [
      'headers that stand twice',
      rawAnswer(['connection: x-a', 'retry-after: 1', 'retry-after: 2', ...whole], completion),
    ],
  ])('arrives with %s', async (_, bytes) => {
    const { url } = await saying(bytes)
    const { door, backup } = await before({ url })
    const response = await ask(door.url)

    expect([response.status, await response.text()]).toEqual([200, completion])
    expect(backup.received).toHaveLength(0)
  })

  it.each([
    ['no choices', rawAnswer(['content-length: 14'], '{"choices":[]}'), 'transient'],
    ['nothing', 'HTTP/1.1 204 No Content\r\n\r\n', 'transient'],
    ['another address', 'HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n', 'permanent'],
    [
      'a part',
      `HTTP/1.1 206 Partial Content\r\ncontent-length: 20\r\n\r\n${completion.slice(0, 20)}`,
      'transient',
    ],
    ['less than its length', rawAnswer(['content-length: 9999'], completion), 'broken'],
    ['more than its length', rawAnswer(['content-length: 20'], completion), 'transient'],
    ['a compressed answer', rawAnswer(['content-encoding: gzip'], gzipSync(completion)), 'transient'],
    ['an answer that was given up', rawAnswer([], completion.replace('stop', 'error')), 'transient'],
    ['chunks without an end', rawAnswer(['transfer-encoding: chunked'], `ff\r\n${completion}`), 'broken'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'broken'],
    ['a flood of headers', rawAnswer([`x: ${'y'.repeat(40_000)}`, ...whole], completion), 'broken'],
    ['a spent quota', 'HTTP/1.1 429 X\r\n\r\n{"error":{"code":"insufficient_quota"}}', 'permanent'],
    ['an overload', 'HTTP/1.1 529 X\r\ncontent-length: 0\r\n\r\n', 'transient'],
    ['half of an error', 'HTTP/1.1 401 X\r\ncontent-length: 99\r\n\r\n{"err', 'permanent'],
  ])('comes from the next link when the first sends %s', async (_, bytes, reason) => {
    const { url } = await saying(bytes)
    const { door } = await before({ url })
    const response = await ask(door.url)

    expect(await response.text()).toContain(fakeAnswer)
    expect(response.headers.get('x-holdfast-failed')).toBe(`first=${reason}`)
  })

  it('is not waited for once the status says that it is an error', async () => {
    const { url } = open(await rawProvider((socket) => void socket.write('HTTP/1.1 503 X\r\n\r\n')))
    const policy = { retry: { attempts: 1 }, timeout: { headers: 60_000, idle: 150 } }
    const { door } = await before({ url, policy })

    expect((await ask(door.url)).headers.get('x-holdfast-failed')).toBe('first=transient')
  })

  it.each([
    ['has no address', 'http://nobody.invalid/v1', 'unsent'],
    ['speaks no TLS', 'https://127.0.0.1:PLAIN/v1', 'permanent'],
    ['is not there', 'http://127.0.0.1:1/v1', 'unsent'],
  ])('comes from the next link when the first %s', async (_, url, reason) => {
    const plain = open(await fakeProvider())
    const { door } = await before({ url: url.replace('PLAIN', new URL(plain.url).port) })

    expect((await ask(door.url)).headers.get('x-holdfast-failed')).toBe(`first=${reason}`)
  })

  it('comes from the next link, and the key from nobody, when the key cannot be a header', async () => {
    const { door } = await before({ key: 'sk-secret-one\nsk-secret-two' })
    const response = await ask(door.url)

    expect(response.headers.get('x-holdfast-failed')).toBe('first=permanent')
    expect(JSON.stringify(door.events)).not.toContain('secret')
  })

  it('comes over a connection that the provider has closed in the meantime', async () => {
    const raw = open(
      await rawProvider((socket, request) => {
        if (request === 1) socket.write(rawAnswer([`content-length: ${completion.length}`], completion))
        else if (request === 2) socket.destroy()
        else socket.end(rawAnswer(whole, completion))
      }),
    )
    const { door } = await before({ url: raw.url, policy: quickPolicy })
    await (await ask(door.url)).text()

    expect(await (await ask(door.url)).text()).toBe(completion)
    expect(raw.requests).toBe(3)
  })
})

describe('a refusal that is for the caller', () => {
  it.each([
    ['a web page', '<html><h1>Bad  request</h1></html>', 'Bad request'],
    ['plain words', 'prompt rejected', 'prompt rejected'],
    ['nothing', '', 'no reason given'],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 'no reason given'],
    ['10 MB', `{"error":{"message":"${'x'.repeat(10_000_000)}"}}`, 'xxx'],
  ])('has the shape of the wire where the provider says it with %s', async (_, body, words) => {
    const { url } = await saying(
      'HTTP/1.1 400 X\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n',
      body,
    )
    const { door, backup } = await before({ url })
    const response = await ask(door.url)
    const { error } = (await response.json()) as Told

    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/json'])
    expect(error.message).toContain(words)
    expect(error.message.length).toBeLessThanOrEqual(300)
    expect(backup.received).toHaveLength(0)
  })

  it('does not repeat the key', async () => {
    const body = '{"error":{"message":"odd header Bearer k-secret","type":"x"},"seed":12345678901234567890}'
    const { url } = await saying('HTTP/1.1 422 X\r\nconnection: close\r\n\r\n', body)
    const { door } = await before({ url, key: 'k-secret' })

    expect(await (await ask(door.url)).text()).toBe(body.replace('k-secret', '[key]'))
  })
})

describe('when to come back', () => {
  it.each([
    ['7', '7'],
    ['0', '1'],
    ['-5', '5'],
    ['99999999999', '3600'],
    ['Thu, 01 Jan 1970 00:00:00 GMT', '1'],
    ['soon', '5'],
  ])('is said as the provider says it: %s', async (asked, told) => {
    const { url } = await saying(`HTTP/1.1 429 X\r\nretry-after: ${asked}\r\nconnection: close\r\n\r\n`)
    const { door } = await before({ url })
    const response = await ask(door.url, { model: 'alone' })

    expect([response.status, response.headers.get('retry-after')]).toEqual([503, told])
  })
})
