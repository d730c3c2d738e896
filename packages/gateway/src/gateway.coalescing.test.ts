import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import { seededRandom } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CacheOptions } from './cache/chain-cache.ts'
import type { GatewayOptions } from './gateway.ts'
import {
  ask,
  askStream,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
  type RawProvider,
  rawAnswer,
  rawChunk,
  rawProvider,
  type Streamed,
} from './testing/index.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

const patient = { firstToken: 600_000, headers: 600_000, idle: 600_000, total: 600_000 }
const policy = { ...quickPolicy, retry: { attempts: 1 }, timeout: patient }
const streamHead = rawAnswer(['content-type: text/event-stream', 'connection: close'])
const finish = `${rawChunk({}, 'stop')}data: [DONE]\n\n`
const completion = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  model: 'raw',
  choices: [{ index: 0, message: { role: 'assistant', content: 'all of it' }, finish_reason: 'stop' }],
})
const piece = (body = completion, status = '200 OK') =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`

/** A provider that says nothing by itself: its calls, as they come. */
const silent = async (): Promise<RawProvider & { call(nth: number): Promise<Socket> }> => {
  const calls: PromiseWithResolvers<Socket>[] = []
  const nth = (number: number): PromiseWithResolvers<Socket> =>
    (calls[number] ??= Promise.withResolvers<Socket>())
  const provider = await rawProvider((socket, number) => nth(number).resolve(socket))
  return open(Object.assign(provider, { call: (number: number) => nth(number).promise }))
}

const cached = async (
  provider: RawProvider,
  cache: Partial<CacheOptions> = {},
  more: Partial<GatewayOptions> = {},
): Promise<GatewayServer> =>
  open(
    await gatewayServer({
      upstreams: { model: { dialect: 'openai', url: provider.url, policy } },
      chains: { default: { links: ['model'], cache: { for: 60_000, ...cache } } },
      ...more,
    }),
  )

const inFlight = (door: GatewayServer, count: number): Promise<void> =>
  vi.waitFor(() => expect(door.gateway.status().inFlight).toBe(count), { interval: 1, timeout: 25_000 })

/** A client that reads a stream, and may go away. */
const reader = (door: GatewayServer, body: object = {}) => {
  const client = new AbortController()
  const waiting = new Set<() => void>()
  let text = ''
  const whole = (async (): Promise<string> => {
    const response = await ask(door.url, { stream: true, ...body }, { signal: client.signal })
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      for (const look of waiting) look()
    }
    return text
  })()
  whole.catch(() => {})
  /** Resolves when it has read that. */
  const has = (words: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (text.includes(words)) resolve()
      }
      waiting.add(look)
      look()
    })
  return { whole, has, leave: () => client.abort() }
}

describe('identical requests at the same time', () => {
  it('are one call, a thousand of them, in one piece', { timeout: 30_000 }, async () => {
    const provider = await silent()
    const door = await cached(provider)
    const all = Array.from({ length: 1_000 }, () => ask(door.url))
    await inFlight(door, 1_000)
    const call = await provider.call(1)
    call.write(piece())
    const answers = await Promise.all(all)

    expect(provider.requests).toBe(1)
    const texts = await Promise.all(answers.map((each) => each.text()))
    expect(new Set(texts)).toEqual(new Set([completion]))
    const hows = answers.map(({ headers }) => headers.get('x-holdfast-cache'))
    expect(hows.filter((how) => how === 'joined')).toHaveLength(999)
    expect(door.gateway.status().chains[0]!.counts).toMatchObject({ requests: 1_000, answered: { model: 1 } })
    expect(door.events.filter(({ type }) => type === 'chain.reused')).toHaveLength(999)
    expect(new Set(answers.map(({ headers }) => headers.get('x-trace-id'))).size).toBe(1_000)
  })

  it('are one call as streams: who comes later is told what was said so far, and then what follows', async () => {
    const provider = await silent()
    const door = await cached(provider)
    const first = reader(door)
    const call = await provider.call(1)
    call.write(streamHead)
    call.write(rawChunk({ content: 'one ' }))
    await first.has('one ')
    const second = reader(door)
    await second.has('one ')
    call.write(rawChunk({ content: 'two' }))
    await Promise.all([first.has('two'), second.has('two')])
    const third = reader(door)
    await third.has('two')
    call.end(finish)
    const texts = await Promise.all([first.whole, second.whole, third.whole])

    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toContain('[DONE]')
    expect(provider.requests).toBe(1)
    expect((await askStream(door.url)).response.headers.get('x-holdfast-cache')).toBe('hit')
  })

  it('go on when the first client goes away, and are over when the last has', async () => {
    const provider = await silent()
    const door = await cached(provider)
    const first = reader(door)
    const call = await provider.call(1)
    call.write(streamHead)
    call.write(rawChunk({ content: 'one ' }))
    await first.has('one ')
    const second = reader(door)
    await second.has('one ')
    first.leave()
    await expect(first.whole).rejects.toThrow()
    call.write(rawChunk({ content: 'two' }))
    await second.has('two')
    second.leave()
    await provider.drained()
    await inFlight(door, 0)

    expect(door.events.map(({ type }) => type)).toEqual(['chain.cancelled', 'chain.cancelled'])
    const third = reader(door)
    ;(await provider.call(2)).end(`${streamHead}${rawChunk({ content: 'anew' })}${finish}`)
    expect(await third.whole).toContain('anew')
  })

  it('are answered whole whoever goes away, and whenever', async () => {
    const random = seededRandom(7)
    for (let round = 0; round < 12; round++) {
      const provider = await silent()
      const door = await cached(provider)
      const words = Array.from({ length: 10 }, (_, nth) => rawChunk({ content: `word${nth} ` }))
      const clients = [reader(door)]
      const call = await provider.call(1)
      const leaves = Math.floor(random() * words.length)
      const stays = Array.from({ length: 3 }, () => Math.floor(random() * words.length))
      call.write(streamHead)
      for (const [nth, word] of words.entries()) {
        call.write(word)
        await clients[0]!.has(`word${nth}`)
        if (stays.includes(nth) || nth === leaves) clients.push(reader(door))
        if (nth === leaves) {
          await clients.at(-1)!.has('word0')
          clients[0]!.leave()
          clients.shift()
        }
      }
      call.end(finish)
      const texts = await Promise.all(clients.map(({ whole }) => whole))

      expect(new Set(texts)).toEqual(new Set([words.join('') + finish]))
      expect(provider.requests).toBe(1)
    }
  })

  it('fare alike when nobody can answer, and when the provider refuses', async () => {
    const provider = await silent()
    const door = await cached(provider)
    for (const [nth, [status, expected]] of Object.entries({ '500 No': 503, '400 No': 400 }).entries()) {
      const all = Array.from({ length: 5 }, () => ask(door.url))
      await inFlight(door, 5)
      ;(await provider.call(nth + 1)).write(piece('{"error":{"message":"no"}}', status))
      const answers = await Promise.all(all)

      expect(answers.map((each) => each.status)).toEqual(Array(5).fill(expected))
      expect(new Set(await Promise.all(answers.map((each) => each.text()))).size).toBe(1)
    }
    expect(provider.requests).toBe(2)
    expect(door.gateway.status().chains[0]!.counts).toMatchObject({ requests: 10, failed: 5, refused: 5 })
  })

  it('break off alike', async () => {
    const provider = await silent()
    const door = await cached(provider)
    const all = [1, 2, 3].map(() => askStream(door.url))
    await inFlight(door, 3)
    const cut = streamHead + rawChunk({ content: 'one ' })
    ;(await provider.call(1)).end(cut)
    ;(await provider.call(2)).end(cut)
    const streams = await Promise.all(all)

    for (const each of streams)
      expect(each).toMatchObject({
        broken: true,
        done: false,
        error: { code: 'stream_broke_off' },
      } satisfies Partial<Record<keyof Streamed, unknown>>)
    expect(door.gateway.status().chains[0]!.counts).toMatchObject({ failed: 3 })
  })

  it('are asked apart where one of them wants a new answer, or none that is kept', async () => {
    const provider = await silent()
    const door = await cached(provider)
    const all = ['', 'no-store', 'no-cache', 'max-age=5'].map((control) =>
      ask(door.url, {}, { headers: control ? { 'cache-control': control } : {} }),
    )
    await inFlight(door, 4)
    for (let nth = 1; nth <= 3; nth++) (await provider.call(nth)).write(piece())

    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(provider.requests).toBe(3)
  })

  it('are asked apart where a stream is to come late rather than broken off', async () => {
    const provider = await silent()
    const door = await cached(provider)
    const live = reader(door)
    const call = await provider.call(1)
    const late = ask(door.url, { stream: true }, { headers: { 'x-holdfast-stream': 'buffered' } })
    const whole = `${streamHead}${rawChunk({ content: 'whole' })}${finish}`
    ;(await provider.call(2)).end(whole)

    expect(await (await late).text()).toContain('whole')
    call.end(whole)
    expect(await live.whole).toContain('whole')
  })

  it('are asked apart where a client tries again by itself, since nobody else does for it', async () => {
    const provider = await silent()
    const door = await cached(provider)
    const all = ['0', '1'].map((count) =>
      ask(door.url, {}, { headers: { 'x-stainless-retry-count': count } }),
    )
    await inFlight(door, 2)
    for (let nth = 1; nth <= 2; nth++) (await provider.call(nth)).write(piece())

    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200])
  })

  it('are asked apart for each client, unless the chain says otherwise', async () => {
    const clients = {
      alice: { sha256: hash('sha256', 'a', 'hex') },
      bob: { sha256: hash('sha256', 'b', 'hex') },
    }
    for (const apart of [true, false]) {
      const provider = await silent()
      const door = await cached(provider, { apart }, { clients })
      const all = ['a', 'b'].map((key) => ask(door.url, {}, { headers: { authorization: `Bearer ${key}` } }))
      await inFlight(door, 2)
      for (let nth = 1; nth <= (apart ? 2 : 1); nth++) (await provider.call(nth)).write(piece())

      expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200])
      expect(provider.requests).toBe(apart ? 2 : 1)
    }
  })
})
