import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { CacheOptions } from './cache/chain-cache.ts'
import type { GatewayOptions } from './gateway.ts'
import {
  ask,
  askStream,
  type FakeProvider,
  fakeAnswer,
  fakeAnthropic,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
} from './testing/index.ts'

const minute = 60_000
const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-cache-'))
  open({ [Symbol.asyncDispose]: async () => rmSync(made, { recursive: true, force: true }) })
  return made
}
/** A wall clock that stands still. */
const wall = () => {
  let now = 1_700_000_000_000
  const goOn = (ms: number): void => {
    now += ms
  }
  return Object.assign(() => now, { goOn })
}

interface Cached extends Partial<GatewayOptions> {
  readonly last?: readonly string[]
}
const cached = async (
  provider: FakeProvider,
  options: CacheOptions,
  { last = [], ...more }: Cached = {},
): Promise<GatewayServer> =>
  open(
    await gatewayServer({
      upstreams: {
        model: { dialect: 'openai', url: provider.url, policy: { ...quickPolicy, retry: { attempts: 1 } } },
      },
      chains: { default: { links: ['model', ...last], cache: options } },
      ...more,
    }),
  )
const how = ({ headers }: Response) => headers.get('x-holdfast-cache')

describe('a chain with a cache', () => {
  it('gives an answer again for a while, and says how old it is', async () => {
    const time = wall()
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: 10 * minute }, { cache: { wall: time } })

    const first = await ask(door.url)
    time.goOn(minute + 999)
    const second = await ask(door.url)

    expect(how(first)).toBeNull()
    expect(second.status).toBe(200)
    expect(Object.fromEntries(second.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-holdfast-cache': 'hit',
      age: '60',
      'x-holdfast-chain': 'default',
      'x-holdfast-link': 'model',
      'x-holdfast-attempts': '0',
    })
    expect(await second.text()).toBe(await first.text())
    time.goOn(9 * minute)
    expect(how(await ask(door.url))).toBeNull()
    expect(provider.received).toHaveLength(2)
  })

  it('gives a stream again as a stream, whole', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute })

    const first = await askStream(door.url)
    const second = await askStream(door.url)

    expect(how(second.response)).toBe('hit')
    expect(second.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(second).toMatchObject({ text: fakeAnswer, done: true, raw: first.raw })
    expect(provider.received).toHaveLength(1)
  })

  it('gives what came in one piece as a stream, and what came as a stream with its usage in one piece', async () => {
    const provider = open(await fakeProvider())
    provider.always({ does: 'answer', usage: true })
    const door = await cached(provider, { for: minute })
    const first = await (await ask(door.url)).json()
    const stream = await askStream(door.url)
    const withUsage = await askStream(door.url, { stream_options: { include_usage: true } })
    await askStream(door.url, { seed: 1, stream_options: { include_usage: true } })
    const piece = await ask(door.url, { seed: 1 })

    expect([stream, withUsage].map(({ response }) => how(response))).toEqual(['hit', 'hit'])
    expect(stream).toMatchObject({ text: fakeAnswer, done: true })
    expect(stream.raw).not.toContain('usage')
    expect(withUsage.raw).toContain('"usage":{')
    expect(how(piece)).toBe('hit')
    expect(await piece.json()).toMatchObject(first as object)
    expect(provider.received).toHaveLength(2)
  })

  it('takes the order of keys, white space and what no model sees for nothing, and everything else for something', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute })
    const messages = [{ role: 'user', content: 'hi' }]
    const same = (json: string) => ask(door.url, {}, { body: json })
    await same(JSON.stringify({ model: 'default', messages, temperature: 0 }))

    const alike = await same(
      JSON.stringify({ user: 'u', metadata: { a: 1 }, temperature: 0, messages, model: 'default' }, null, 2),
    )
    const others = [{ temperature: 1 }, { temperature: 0, seed: 1 }, { temperature: 0, tools: [] }].map(
      (more) => same(JSON.stringify({ model: 'default', messages, ...more })),
    )

    expect(how(alike)).toBe('hit')
    expect((await Promise.all(others)).map(how)).toEqual([null, null, null])
  })

  it('asks anew where the client says no-cache, keeps that, and keeps nothing where it says no-store', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute })
    const saying = (control: string) => ask(door.url, {}, { headers: { 'cache-control': control } })
    provider.next(
      { does: 'answer', text: 'one' },
      { does: 'answer', text: 'two' },
      { does: 'answer', text: 'three' },
    )
    const text = async (response: Response): Promise<unknown> =>
      JSON.parse(await response.text()).choices[0].message.content

    expect(await text(await ask(door.url))).toBe('one')
    expect(await text(await saying('no-cache'))).toBe('two')
    expect(await text(await saying('no-store'))).toBe('three')
    expect(await text(await ask(door.url))).toBe('two')
    expect(await text(await saying('max-age=0'))).toBe(fakeAnswer)
  })

  it('keeps neither refusals, nor errors, nor what broke off, nor what a filter cut short, nor what rules say', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(
      provider,
      { for: minute },
      { last: ['rules'], rules: [{ match: /fox/, answer: 'gone' }] },
    )
    const filtered = JSON.stringify({
      choices: [{ message: { content: 'no' }, finish_reason: 'content_filter' }],
    })
    provider.next(
      { does: 'refuse', status: 400 },
      { does: 'refuse', status: 500 },
      { does: 'say', headers: { 'content-type': 'application/json' }, bytes: [filtered] },
    )
    const statuses = [await ask(door.url), await ask(door.url), await ask(door.url), await ask(door.url)]

    expect(statuses.map(({ status }) => status)).toEqual([400, 200, 200, 200])
    expect(statuses.map(how)).toEqual([null, null, null, null])
    provider.next({ does: 'cut', after: 5 }, { does: 'cut', after: 5 })
    expect((await askStream(door.url, { seed: 1 })).broken).toBe(true)
    expect(how((await askStream(door.url, { seed: 1 })).response)).toBeNull()
  })

  it('keeps no stream that was put together from two attempts', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute })
    provider.next({ does: 'cut', after: 5 })

    expect(await askStream(door.url)).toMatchObject({ done: true, text: fakeAnswer })
    expect(how((await askStream(door.url)).response)).toBeNull()
    expect(how((await askStream(door.url)).response)).toBe('hit')
  })

  it('keeps no answer with another status than 200', async () => {
    const provider = open(await fakeProvider())
    const body = JSON.stringify({ choices: [{ message: { content: 'later' }, finish_reason: 'stop' }] })
    provider.next({
      does: 'say',
      status: 202,
      headers: { 'content-type': 'application/json' },
      bytes: [body],
    })
    const door = await cached(provider, { for: minute })

    expect((await ask(door.url)).status).toBe(202)
    expect(how(await ask(door.url))).toBeNull()
  })

  it('does not believe what comes from far ahead, when the wall clock was put back', async () => {
    const time = wall()
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute }, { cache: { wall: time } })
    await ask(door.url)
    time.goOn(-minute / 2)
    const soon = await ask(door.url)
    time.goOn(-minute)

    expect([how(soon), soon.headers.get('age')]).toEqual(['hit', '0'])
    expect(how(await ask(door.url))).toBeNull()
  })

  it('keeps a response that was not to be stored, once it has come to its end, and no other', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(
      provider,
      { for: minute },
      {
        upstreams: { model: { dialect: 'openai', url: provider.url, responses: true, policy: quickPolicy } },
      },
    )
    const respond = async (body: object, status: string) => {
      const json = JSON.stringify({ id: 'r', object: 'response', status, output: [] })
      provider.next({ does: 'say', headers: { 'content-type': 'application/json' }, bytes: [json] })
      const init = { method: 'POST', body: JSON.stringify({ model: 'default', input: 'x', ...body }) }
      const [first, second] = [
        await fetch(`${door.url}/v1/responses`, init),
        await fetch(`${door.url}/v1/responses`, init),
      ]
      return [how(first), how(second)]
    }
    provider.always({
      does: 'say',
      headers: { 'content-type': 'application/json' },
      bytes: [JSON.stringify({ id: 'r', status: 'completed' })],
    })

    expect(await respond({ store: false }, 'completed')).toEqual([null, 'hit'])
    expect(await respond({ store: false, seed: 1 }, 'incomplete')).toEqual([null, null])
    expect(await respond({}, 'completed')).toEqual([null, null])
    for (const more of [{ background: true }, { previous_response_id: 'r' }, { conversation: 'c' }])
      expect(await respond({ store: false, ...more }, 'completed')).toEqual([null, null])
  })

  it('does not answer for a request that does more than to ask', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute })
    await ask(door.url, { store: true })

    expect(how(await ask(door.url, { store: true }))).toBeNull()
    expect(provider.received).toHaveLength(2)
  })

  it('serves embeddings again, too', async () => {
    const provider = open(await fakeProvider())
    const body = { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.1] }] }
    provider.always({
      does: 'say',
      headers: { 'content-type': 'application/json' },
      bytes: [JSON.stringify(body)],
    })
    const door = await cached(provider, { for: minute })
    const embed = () =>
      fetch(`${door.url}/v1/embeddings`, {
        method: 'POST',
        body: JSON.stringify({ model: 'default', input: 'x' }),
      })
    await (await embed()).text()
    const again = await embed()

    expect(how(again)).toBe('hit')
    expect(await again.json()).toEqual(body)
  })

  it('keeps on the disk what outlives the process', async () => {
    const cache = { folder: folder() }
    const provider = open(await fakeProvider())
    const options = { for: minute, keep: 'disk' } as const
    const before = await cached(provider, options, { cache })
    await ask(before.url)
    await before.gateway.close()
    const after = await cached(provider, options, { cache })

    expect(how(await ask(after.url))).toBe('hit')
    expect(how(await ask(after.url))).toBe('hit')
    expect(provider.received).toHaveLength(1)
  })

  it('sees on the disk what another process has kept since', async () => {
    const time = wall()
    const cache = { folder: folder(), wall: time }
    const provider = open(await fakeProvider())
    const options = { for: minute, keep: 'disk' } as const
    const [one, other] = [
      await cached(provider, options, { cache }),
      await cached(provider, options, { cache }),
    ]
    const closed = async (door: GatewayServer): Promise<void> => door.gateway.close()
    await ask(one.url)
    time.goOn(minute)
    provider.next({ does: 'answer', text: 'newer' })
    await ask(other.url)
    await closed(other)
    const again = await ask(one.url)

    expect(how(again)).toBe('hit')
    expect(await again.text()).toContain('newer')
    expect(provider.received).toHaveLength(2)
  })

  it('begins anew where its links are others', async () => {
    const cache = { folder: folder() }
    const provider = open(await fakeProvider())
    const options = { for: minute, keep: 'disk' } as const
    const before = await cached(provider, options, { cache })
    await ask(before.url)
    await before.gateway.close()
    const after = await cached(provider, options, { cache, last: ['model/other'] })

    expect(how(await ask(after.url))).toBeNull()
  })

  it('is told that there must be a folder for what is kept on the disk', async () => {
    const provider = open(await fakeProvider())

    await expect(cached(provider, { for: minute, keep: 'disk' })).rejects.toThrow(/no folder/)
  })

  it('answers all the same where the disk does not take answers, and says so once', async () => {
    const provider = open(await fakeProvider())
    const file = join(folder(), 'file')
    writeFileSync(file, '')
    const door = await cached(provider, { for: minute, keep: 'disk' }, { cache: { folder: file } })
    for (const content of ['a', 'b', 'a'])
      expect((await ask(door.url, { messages: [{ role: 'user', content }] })).status).toBe(200)
    await door.gateway.close()

    expect(door.events.filter(({ type }) => type === 'cache.failed')).toHaveLength(1)
    expect(provider.received).toHaveLength(2)
  })
})

describe('a cache for clients of Anthropic', () => {
  const message = (door: GatewayServer, body: object = {}) =>
    fetch(`${door.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'default',
        max_tokens: 50,
        messages: [{ role: 'user', content: 'hi' }],
        ...body,
      }),
      headers: { 'anthropic-version': '2023-06-01' },
    })

  it.each([
    ['their own wire', true],
    ["OpenAI's", false],
  ])('gives what came over %s again, byte by byte, in either form', async (_, own) => {
    const provider = own ? open(await fakeAnthropic()) : open(await fakeProvider())
    const door = open(
      await gatewayServer({
        upstreams: {
          model: { dialect: own ? 'anthropic' : 'openai', url: provider.url, key: 'k', policy: quickPolicy },
        },
        chains: { default: { links: ['model'], cache: { for: minute } } },
      }),
    )
    for (const body of [{}, { stream: true }]) {
      const first = await message(door, body)
      const text = await first.text()
      const second = await message(door, body)

      expect(text).toContain('fox')
      expect([how(first), how(second)]).toEqual([null, 'hit'])
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'))
      expect(await second.text()).toBe(text)
    }
    expect(provider.received).toHaveLength(2)
  })

  it('is not the one for clients of OpenAI, nor for another version of the wire', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute })
    await (await ask(door.url, { max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] })).text()
    expect(how(await message(door))).toBeNull()
    const beta = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'context-1m-2025-08-07' }
    const body = { model: 'default', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] }
    const init = { method: 'POST', body: JSON.stringify(body), headers: beta }

    expect(how(await fetch(`${door.url}/v1/messages`, init))).toBeNull()
    expect(how(await message(door))).toBe('hit')
  })
})

describe('the metrics of a cache', () => {
  it('tell what it did, and what it keeps', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute }, { cache: { memory: 3_000 } })
    for (const seed of [1, 1, 1, 2, 3]) await ask(door.url, { seed })
    await ask(door.url, {}, { headers: { 'cache-control': 'no-store' } })
    const told = door.gateway
      .families()
      .filter(({ name }) => name.includes('_cache_'))
      .flatMap(({ name, samples }) =>
        samples.map((sample) => [
          name.slice(17),
          ...Object.values(sample.labels),
          'value' in sample && sample.value,
        ]),
      )

    expect(told).toEqual([
      ['cache_answers_total', 'default', 'hit', 2],
      ['cache_answers_total', 'default', 'joined', 0],
      ['cache_answers_total', 'default', 'stale', 0],
      ['cache_misses_total', 'default', 3],
      ['cache_bytes', 'memory', expect.toSatisfy((bytes: number) => bytes > 2_000 && bytes <= 3_000)],
      ['cache_evictions_total', 'memory', 1],
    ])
  })

  it('are without samples where no chain has one', async () => {
    const provider = open(await fakeProvider())
    const door = await cached(provider, { for: minute }, { chains: { default: ['model'] } })
    const families = door.gateway.families().filter(({ name }) => name.includes('_cache_'))

    expect(families.map(({ samples }) => samples.length)).toEqual([0, 0, 0, 0])
  })
})

describe('an old answer', () => {
  const terms = { for: minute, stale: 60 * minute }

  it('is given where nobody else answers', async () => {
    const time = wall()
    const provider = open(await fakeProvider())
    const door = await cached(provider, terms, { last: ['stale'], cache: { wall: time } })
    const first = await ask(door.url)
    time.goOn(2 * minute)
    provider.always({ does: 'refuse', status: 503 })

    const second = await ask(door.url)

    expect(second.status).toBe(200)
    expect(Object.fromEntries(second.headers)).toMatchObject({
      'x-holdfast-cache': 'stale',
      'x-holdfast-degraded': 'stale',
      'x-holdfast-link': 'stale',
      'x-holdfast-failed': 'model=transient',
      age: '120',
    })
    expect(await second.text()).toBe(await first.text())
    expect(door.gateway.status().chains[0]!.counts.answered).toEqual({ model: 1, stale: 1 })
    time.goOn(60 * minute)
    expect((await ask(door.url)).status).toBe(503)
  })

  it('is not given to a client that wants a new one, nor for another request', async () => {
    const time = wall()
    const provider = open(await fakeProvider())
    const door = await cached(provider, terms, { last: ['stale'], cache: { wall: time } })
    await ask(door.url)
    time.goOn(2 * minute)
    provider.always({ does: 'refuse', status: 503 })
    const fresh = await ask(door.url, {}, { headers: { 'cache-control': 'no-cache' } })
    const other = await ask(door.url, { seed: 1 })

    expect([fresh.status, other.status]).toEqual([503, 503])
    expect(await other.text()).toContain('no answer to this request is kept')
  })

  it('never ends a stream that has begun', async () => {
    const time = wall()
    const provider = open(await fakeProvider())
    const door = await cached(provider, terms, { last: ['stale'], cache: { wall: time } })
    await askStream(door.url)
    time.goOn(2 * minute)
    provider.always({ does: 'cut', after: 5 })

    expect(await askStream(door.url)).toMatchObject({
      done: false,
      broken: true,
      error: { code: 'stream_broke_off' },
    })
  })
})
