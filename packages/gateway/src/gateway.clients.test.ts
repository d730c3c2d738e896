import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { fakeClock, seededRandom } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
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
import type { UpstreamPolicy } from './upstream.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

const patient: UpstreamPolicy = {
  ...quickPolicy,
  timeout: { headers: 60_000, firstToken: 60_000, idle: 60_000, total: 60_000 },
}

const serve = async (
  policy: UpstreamPolicy = patient,
): Promise<{ door: GatewayServer; one: FakeProvider; two: FakeProvider }> => {
  const one = open(await fakeProvider('one'))
  const two = open(await fakeProvider('two'))
  const door = open(
    await gatewayServer({
      upstreams: {
        one: { dialect: 'openai', url: one.url, policy },
        two: { dialect: 'openai', url: two.url, policy },
      },
      chains: { default: ['one', 'two'] },
    }),
  )
  return { door, one, two }
}

const question = '{"model":"default","messages":[{"role":"user","content":"hi"}]}'
const streamed = question.replace('{', '{"stream":true,')
const post = (body: string, version = '1.1', more = ''): string =>
  `POST /v1/chat/completions HTTP/${version}\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`

const dial = (door: GatewayServer): Socket =>
  connect(Number(new URL(door.url).port), '127.0.0.1').on('error', () => {})

/** Everything that comes until the connection ends, or until `enough` of it is there. */
const heard = async (socket: Socket, enough = /^$/): Promise<string> => {
  let all = ''
  for await (const part of socket.setEncoding('utf8')) {
    all += part
    if (enough.test(all)) break
  }
  return all
}

/** Nothing moves any more: what is counted has been the same for many turns of the event loop. */
const still = async (count: () => number): Promise<void> => {
  for (let before = count(), same = 0; same < 2_000; before = count()) {
    await turn()
    same = count() === before ? same + 1 : 0
  }
}

/** Nothing is being answered any more. */
const idle = (door: GatewayServer): Promise<void> =>
  vi.waitFor(() => expect(door.gateway.status().inFlight).toBe(0), { interval: 5, timeout: 5_000 })

describe('a client of the gateway', () => {
  it('is told that 33 MB are too much', async () => {
    const { door, one } = await serve()
    const response = await ask(door.url, {}, { body: 'x'.repeat(33 * 1024 * 1024 + 1) })

    expect([response.status, await response.text()]).toEqual([
      413,
      expect.stringContaining('request_too_large'),
    ])
    expect(one.received).toHaveLength(0)
  })

  it('is told so when it did not say before how much it is, and may ask again on the same connection', async () => {
    const { door } = await serve()
    const socket = dial(door)
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
    const megabyte = `100000\r\n${'x'.repeat(0x100000)}\r\n`
    for (let sent = 0; sent < 33; sent++) socket.write(megabyte)
    socket.write(`0\r\n\r\n${post(question, '1.1', 'connection: close\r\n')}`)

    expect(await heard(socket)).toMatch(/^HTTP\/1.1 413 [\s\S]*HTTP\/1.1 200 /)
  })

  it.each([
    ['a byte order mark', `\u{feff}${question}`],
    ['the model twice', question.replace('{', '{"model":"nonsense",')],
    ['an escaped key', question.replace('model', 'mod\\u0065l')],
    ['"stream": null', question.replace('{', '{"stream":null,')],
    ['options for a stream it does not want', question.replace('{', '{"stream_options":{},')],
    ['lists 100,000 deep', question.replace('{', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},`)],
    ['half of a surrogate pair', question.replace('hi', '\\ud800')],
  ])('is answered when it sends %s', async (_, body) => {
    const { door, one } = await serve()

    expect((await ask(door.url, {}, { body })).status).toBe(200)
    expect(one.received[0]?.raw).toBe(body.replace('\u{feff}', ''))
  })

  it('is told that its body is no UTF-8, since it could not be passed on as it came', async () => {
    const { door } = await serve()
    const body = Buffer.from(question.replace('hi', '\u{e9}'), 'latin1')
    const response = await ask(door.url, {}, { body })

    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('UTF-8')])
  })

  it.each([
    ['HEAD', '/v1/chat/completions', 405],
    ['OPTIONS', '/v1/chat/completions', 405],
    ['HEAD', '/v1/models', 200],
    ['POST', '/v1/chat/completions/', 404],
    ['GET', '/__proto__', 404],
  ])('gets a plain answer to %s %s', async (method, path, status) => {
    const { door } = await serve()

    expect((await fetch(door.url + path, { method })).status).toBe(status)
  })

  it('may add a query, speak HTTP/1.0, ask before it sends, and send two requests at once', async () => {
    const { door } = await serve()
    const query = await fetch(`${door.url}/v1/chat/completions?x=1`, { method: 'POST', body: question })
    const old = dial(door)
    old.write(post(question, '1.0'))
    const polite = dial(door)
    polite.write(post(question, '1.1', 'expect: 100-continue\r\nconnection: close\r\n'))
    const hasty = dial(door)
    hasty.write(post(streamed) + post(question, '1.1', 'connection: close\r\n'))

    expect(query.status).toBe(200)
    expect(await heard(old)).toContain(fakeAnswer)
    expect(await heard(polite)).toMatch(/^HTTP\/1.1 100 [\s\S]*HTTP\/1.1 200 /)
    expect(await heard(hasty)).toMatch(/\[DONE\][\s\S]*HTTP\/1.1 200 [\s\S]*"usage"/)
  })

  it.each([
    ['in the middle of its body', post(question).slice(0, -10), 0],
    ['before the first token', post(streamed), 1],
    ['before an answer in one piece', post(question), 1],
    ['with two requests under way', post(streamed) + post(question), 2],
  ])('leaves nothing behind when it goes away %s', async (_, bytes, calls) => {
    const { door, one, two } = await serve()
    one.always({ does: 'stall' })
    const socket = dial(door)
    socket.write(bytes)
    await once(socket, 'connect')
    await one.seen(calls)
    socket.destroy()

    await Promise.all(one.received.map(({ left }) => left))
    await idle(door)
    expect([one.received.length, two.received.length]).toEqual([calls, 0])
  })

  it('leaves nothing behind when it goes away in the middle of a stream', async () => {
    const { door, one, two } = await serve()
    one.always({ does: 'stall', after: 5 })
    const socket = dial(door)
    socket.write(post(streamed))
    await heard(socket, /brown/)

    await one.received[0]?.left
    await idle(door)
    expect(two.received).toHaveLength(0)
    expect(door.gateway.status().chains[0]?.counts.cancelled).toBe(1)
  })

  it('leaves nothing behind when it goes away while its next attempt waits', async () => {
    const { door, one, two } = await serve({
      ...patient,
      retry: { attempts: 2, backoff: { initial: 60_000, max: 60_000, jitter: 'none' } },
    })
    one.always({ does: 'refuse', status: 500 })
    const socket = dial(door)
    socket.write(post(question))
    await vi.waitFor(() => expect(door.gateway.status().chains[0]?.links[0]?.failures['transient']).toBe(1))
    socket.destroy()

    await idle(door)
    expect([one.received.length, two.received.length]).toEqual([1, 0])
  })

  it('leaves nothing behind, at whatever moment it goes away', async () => {
    const chance = seededRandom(7)
    const { door, one, two } = await serve()
    const behaviours: readonly Behaviour[] = [
      { does: 'answer' },
      { does: 'cut', after: 3 },
      { does: 'refuse', status: 500 },
      { does: 'reset' },
      { does: 'stall', after: 2 },
    ]
    one.next(...Array.from({ length: 300 }, () => behaviours[Math.floor(chance() * behaviours.length)]!))
    two.always({ does: 'stall', after: 2 })
    const visits = Array.from({ length: 150 }, async () => {
      const socket = dial(door)
      await once(socket, 'connect')
      socket.write(post(chance() < 0.7 ? streamed : question))
      for (let turns = chance() * 40; turns > 0; turns--) await turn()
      socket.destroy()
    })
    await Promise.all(visits)
    await idle(door)
    await Promise.all([...one.received, ...two.received].map(({ left }) => left))

    const { answered, ...counts } = door.gateway.status().chains[0]!.counts
    expect(counts.cancelled).toBeGreaterThan(0)
    expect(counts.cancelled + counts.failed + (answered['one'] ?? 0)).toBe(counts.requests)
  })

  describe('that is slower than the provider', () => {
    const megabyte = rawChunk({ content: 'x'.repeat(1_000_000) })

    it('holds the provider back, not the answer in memory', async () => {
      let sent = 0
      const raw = open(
        await rawProvider((socket) => {
          socket.write(rawAnswer(['content-type: text/event-stream', 'connection: close']))
          const pump = (): void => {
            while (sent < 50) {
              sent++
              if (!socket.write(megabyte)) return void socket.once('drain', pump)
            }
            socket.end(`${rawChunk({}, 'stop')}data: [DONE]\n\n`)
          }
          pump()
        }),
      )
      const door = open(
        await gatewayServer({
          upstreams: { one: { dialect: 'openai', url: raw.url, policy: patient } },
          chains: { default: ['one'] },
        }),
      )
      const response = await ask(door.url, { stream: true })
      const reader = response.body!.getReader()
      let read = (await reader.read()).value!.length
      await still(() => sent)
      expect(sent).toBeLessThan(30)
      for (let part = await reader.read(); !part.done; part = await reader.read()) read += part.value.length

      expect(sent).toBe(50)
      expect(read).toBeGreaterThan(50_000_000)
    })

    it('is let go when it never reads and the time is up, and the provider is not blamed', async () => {
      let sent = 0
      const raw = open(
        await rawProvider((socket) => {
          socket.write(rawAnswer(['content-type: text/event-stream']))
          const pump = (): void => {
            do sent++
            while (!socket.destroyed && socket.write(megabyte))
            socket.once('drain', pump)
          }
          pump()
        }),
      )
      const clock = fakeClock()
      const door = open(
        await gatewayServer({
          upstreams: { one: { dialect: 'openai', url: raw.url, policy: patient } },
          chains: { default: ['one'] },
          clock,
        }),
      )
      const socket = dial(door).pause()
      socket.write(post(streamed))
      await vi.waitFor(() => expect(sent).toBeGreaterThan(1))
      await still(() => sent)
      await clock.advance(60_000)
      await idle(door)

      const [chain] = door.gateway.status().chains
      expect(chain?.counts.cancelled).toBe(1)
      expect(chain?.links[0]).toMatchObject({ failures: {}, breaker: { failures: 0 } })
      await vi.waitFor(() => expect(raw.sockets.size).toBe(0))
      socket.destroy()
    })
  })

  it('is answered, one of five hundred at once, while the first provider dies', async () => {
    const { door, one } = await serve({
      ...quickPolicy,
      timeout: { total: 10_000, idle: 5_000, firstToken: 5_000, headers: 5_000 },
    })
    const crowd = Array.from({ length: 500 }, async (_, nth) => {
      if (nth === 250) void one.close()
      if (nth % 2) return (await ask(door.url)).text()
      const { text, done } = await askStream(door.url)
      return done ? text : 'broken'
    })
    const answers = await Promise.all(crowd)

    expect(answers.filter((answer) => !answer.includes(fakeAnswer))).toEqual([])
    expect(door.gateway.status().inFlight).toBe(0)
  })
})
