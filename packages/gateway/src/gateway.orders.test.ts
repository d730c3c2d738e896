import { type FakeClock, fakeClock, seededRandom } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ChainOptions } from './chains/chain-options.ts'
import { type GatewayOptions, gateway } from './gateway.ts'
import {
  ask,
  askStream,
  type FakeProvider,
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
const door = async (
  urls: readonly string[],
  chain: ChainOptions,
  but: Partial<GatewayOptions> & { readonly policy?: UpstreamPolicy } = {},
): Promise<GatewayServer> => {
  const { policy = quickPolicy, ...options } = but
  const upstreams = Object.fromEntries(
    urls.map((url, index) => [['one', 'two', 'three'][index]!, { dialect: 'openai', url, policy } as const]),
  )
  return open(
    await gatewayServer({ upstreams, chains: { default: chain }, random: seededRandom(4), ...options }),
  )
}
const providers = async (count: number): Promise<FakeProvider[]> =>
  Promise.all(Array.from({ length: count }, async (_, index) => open(await fakeProvider(`model-${index}`))))
/** Who answered. */
const answered = async (url: string, body: object = {}): Promise<string | null> => {
  const response = await ask(url, body)
  await response.text()
  expect(response.status).toBe(200)
  return response.headers.get('x-holdfast-link')
}
/** Who answered so many requests, one after the other. */
const inTurn = async (url: string, count: number, body: object = {}): Promise<(string | null)[]> => {
  const links = []
  for (let asked = 0; asked < count; asked++) links.push(await answered(url, body))
  return links
}
const down = { does: 'refuse', status: 503 } as const

describe('a weighted chain', () => {
  it('gives each link its part of the requests, and all to the others while one is away', async () => {
    const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
    const { url } = await door([one.url, two.url], {
      links: [{ link: 'one', weight: 3 }, 'two'],
      order: 'weighted',
    })
    const all = (count: number) => Promise.all(Array.from({ length: count }, () => answered(url)))

    const first = (await all(120)).filter((link) => link === 'one').length
    expect(first).toBeGreaterThan(75)
    expect(first).toBeLessThan(105)
    one.always(down)
    expect(new Set(await all(20))).toEqual(new Set(['two']))
  })

  it('keeps a conversation that has a name with one link', async () => {
    const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
    const { url } = await door([one.url, two.url], { links: ['one', 'two'], order: 'weighted' })
    const homes = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const links = await inTurn(url, 3, { prompt_cache_key: `talk-${index}` })
        expect(new Set(links).size).toBe(1)
        return links[0]
      }),
    )

    expect(new Set(homes).size).toBe(2)
  })
})

describe('a least-loaded chain', () => {
  it('leaves a link alone that does not get done', async () => {
    const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
    one.always({ does: 'stall' })
    const policy = { ...quickPolicy, timeout: { headers: 60_000 } }
    const { url, gateway } = await door(
      [one.url, two.url],
      { links: ['one', 'two'], order: 'least-loaded' },
      { policy },
    )
    const left = new AbortController()
    const slow = ask(url, {}, { signal: left.signal }).catch(() => 'left')
    await one.seen(1)

    expect(new Set(await inTurn(url, 20))).toEqual(new Set(['two']))
    expect(gateway.status().chains[0]!.links.map(({ inFlight }) => inFlight)).toEqual([1, 0])
    left.abort()
    await slow
  })

  it('does not send everything to a link that fails at once', async () => {
    const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
    one.always(down)
    const { url } = await door([one.url, two.url], { links: ['one', 'two'], order: 'least-loaded' })

    expect(new Set(await inTurn(url, 50))).toEqual(new Set(['two']))
    expect(one.received.length).toBeLessThan(20)
    one.always({ does: 'answer' })
    expect((await inTurn(url, 50)).filter((link) => link === 'one').length).toBeGreaterThan(20)
  })
})

describe('a cheapest chain', () => {
  const prices = {
    one: { input: 5, output: 20 },
    'two/large': { input: 2, output: 9 },
    two: { input: 1, output: 2 },
  }
  const chain = { links: ['one', 'two/large', 'two/small', 'rules'], order: 'cheapest' } as const
  const rules = [{ match: /./, answer: 'later' }]

  it('asks who is cheapest, and the dearer ones when that one is away', async () => {
    const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
    const { url } = await door([one.url, two.url], chain, { prices, rules })

    expect(await answered(url)).toBe('two/small')
    two.next(down, down)
    expect(await answered(url)).toBe('two/large')
    two.always(down)
    expect(await answered(url)).toBe('one')
    one.always(down)
    expect(await answered(url)).toBe('rules')
  })

  it('cannot be where a link has no price', () => {
    const upstreams = { unpriced: { dialect: 'openai', url: 'http://127.0.0.1:9' } } as const
    const chains = { default: { links: ['unpriced'], order: 'cheapest' } } as const
    expect(() => gateway({ upstreams, chains })).toThrow("the order 'cheapest' needs a price for 'unpriced'")
  })
})

describe('a fastest chain', () => {
  /** A provider that lets so many ms of a clock pass before its first token. */
  const paced = async (clock: FakeClock, takes: { ms: number }) =>
    open(
      await rawProvider(async (socket) => {
        await clock.advance(takes.ms)
        const head = ['content-type: text/event-stream', 'connection: close']
        socket.end(rawAnswer(head, `${rawChunk({ content: 'well' })}${rawChunk({}, 'stop')}data: [DONE]\n\n`))
      }),
    )
  const askedFirst = async (url: string, count: number): Promise<(string | null)[]> => {
    const links = []
    for (let asked = 0; asked < count; asked++) {
      const { text, response } = await askStream(url)
      expect(text).toBe('well')
      links.push(response.headers.get('x-holdfast-link'))
    }
    return links
  }
  const share = (links: readonly (string | null)[], name: string) =>
    links.filter((link) => link === name).length / links.length

  it('goes to who begins first, leaves one that gets slow, and comes back', async () => {
    const clock = fakeClock()
    const [one, two] = [{ ms: 300 }, { ms: 100 }]
    const urls = [(await paced(clock, one)).url, (await paced(clock, two)).url]
    const policy = { timeout: { firstToken: 10_000, total: 20_000 } }
    const { url, gateway } = await door(urls, { links: ['one', 'two'], order: 'fastest' }, { policy, clock })

    expect(await askedFirst(url, 2)).toEqual(['one', 'two'])
    expect(share(await askedFirst(url, 30), 'two')).toBeGreaterThan(0.85)
    two.ms = 2_000
    await askedFirst(url, 5)
    expect(share(await askedFirst(url, 30), 'one')).toBeGreaterThan(0.85)
    two.ms = 100
    await clock.advance(120_000)
    await askedFirst(url, 60)
    expect(share(await askedFirst(url, 30), 'two')).toBeGreaterThan(0.85)
    const [, second] = gateway.status().chains[0]!.links
    expect(second!.firstToken).toBeGreaterThan(90)
    expect(second!.firstToken).toBeLessThan(200)
  })
})

describe('any order but a cascade', () => {
  it.each(['weighted', 'least-loaded', 'cheapest', 'fastest'] as const)(
    'puts who cannot answer just now behind, and what is no model last: %s',
    async (order) => {
      const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
      const policy = { ...quickPolicy, retry: { attempts: 1 }, breaker: { failures: 1, openFor: 60_000 } }
      const prices = { one: { input: 1, output: 1 }, two: { input: 2, output: 2 } }
      const { url } = await door(
        [one.url, two.url],
        { links: ['rules', { link: 'one', weight: 1e9 }, 'two'], order },
        { policy, prices, rules: [{ match: /./, answer: 'later' }] },
      )
      one.always(down)
      await answered(url)
      const response = await ask(url)

      expect(response.headers.get('x-holdfast-link')).toBe('two')
      expect(response.headers.get('x-holdfast-failed')).toBeNull()
      two.always(down)
      await answered(url)
      expect((await ask(url)).headers.get('x-holdfast-failed')).toBe('one=open,two=open')
    },
  )

  it('answers a crowd however its calls end, and has nothing in flight afterwards', async () => {
    const [one, two, three] = (await providers(3)) as [FakeProvider, FakeProvider, FakeProvider]
    const policy = { ...quickPolicy, breaker: { failures: 1e6 } }
    const { url, gateway } = await door(
      [one.url, two.url, three.url],
      { links: ['one', 'two', 'three'], order: 'least-loaded', hedge: { after: 20, share: 1 } },
      { policy },
    )
    const ends = [
      down,
      { does: 'stall' },
      { does: 'reset' },
      { does: 'cut', after: 3 },
      { does: 'answer' },
    ] as const
    for (const provider of [one, two])
      provider.next(...Array.from({ length: 200 }, (_, index) => ends[index % ends.length]!))
    const crowd = Array.from({ length: 60 }, async (_, index) => {
      const left = new AbortController()
      if (index % 9 === 0) setImmediate(() => left.abort())
      const response = await ask(url, { stream: index % 2 === 0 }, { signal: left.signal }).catch(
        () => undefined,
      )
      await response?.text().catch(() => {})
      return left.signal.aborted || response?.status === 200
    })

    expect(await Promise.all(crowd)).toEqual(Array(60).fill(true))
    await vi.waitFor(() =>
      expect(gateway.status().chains[0]!.links.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]),
    )
  })

  it('puts who has to be left alone behind', async () => {
    const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
    const prices = { one: { input: 1, output: 1 }, two: { input: 2, output: 2 } }
    const { url } = await door([one.url, two.url], { links: ['one', 'two'], order: 'cheapest' }, { prices })
    one.next({ does: 'refuse', status: 429, headers: { 'retry-after': '30' } })
    expect(await answered(url)).toBe('two')
    const response = await ask(url)

    expect(response.headers.get('x-holdfast-link')).toBe('two')
    expect(response.headers.get('x-holdfast-failed')).toBeNull()
  })
})

describe('a link with a policy of its own', () => {
  it('has its own patience and its own retries', async () => {
    const [one, two] = (await providers(2)) as [FakeProvider, FakeProvider]
    const hasty = { retry: { attempts: 1 }, timeout: { headers: 30 } }
    const slow = {
      ...quickPolicy,
      retry: { attempts: 3, backoff: { initial: 1, max: 1 } },
      timeout: { headers: 60_000 },
    }
    const { url } = await door(
      [one.url, two.url],
      { links: [{ link: 'one', policy: hasty }, 'two'] },
      { policy: slow },
    )
    one.next({ does: 'stall' }, down)
    two.next(down, down)

    expect(await inTurn(url, 3)).toEqual(['two', 'two', 'one'])
    expect(one.received).toHaveLength(3)
    expect(two.received).toHaveLength(4)
  })

  it('shares the breaker of its upstream, to which a model that is not there is no failure', async () => {
    const one = open(await fakeProvider('one'))
    const two = open(await fakeProvider('two'))
    const policy = { retry: { attempts: 1 }, breaker: { failures: 2, openFor: 60_000 } }
    const upstream = (url: string) => ({ dialect: 'openai', url, policy }) as const
    const { url, gateway } = open(
      await gatewayServer({
        upstreams: { one: upstream(one.url), two: upstream(two.url) },
        chains: {
          default: { links: [{ link: 'one/small', policy: { retry: { attempts: 1 } } }, 'two'] },
          other: { links: ['one/large', 'two'] },
        },
      }),
    )
    one.next(...Array(4).fill({ does: 'refuse', status: 404 }))
    expect(await inTurn(url, 4)).toEqual(Array(4).fill('two'))
    expect(gateway.status().chains[1]!.links[0]!.breaker!.is).toBe('closed')

    one.always(down)
    await inTurn(url, 2)
    const response = await ask(url, { model: 'other' })
    expect(response.headers.get('x-holdfast-failed')).toBe('one/large=open')
    expect(one.received).toHaveLength(6)
  })
})
