import type { Clock } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  ask,
  type FakeProvider,
  fakeProvider,
  type GatewayServer,
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
const policy = { ...quickPolicy, retry: { attempts: 2, backoff: { initial: 1, max: 50 } } }
const behind = async (
  first: Partial<UpstreamOptions>,
  second: Partial<UpstreamOptions> = {},
  clock?: Clock,
): Promise<{ door: GatewayServer; one: FakeProvider; two: FakeProvider }> => {
  const one = open(await fakeProvider('one'))
  const two = open(await fakeProvider('two'))
  const door = open(
    await gatewayServer({
      upstreams: {
        one: { dialect: 'openai', url: one.url, policy, ...first },
        two: { dialect: 'openai', url: two.url, policy, ...second },
      },
      chains: { default: ['one', 'two'], alone: ['one'] },
      ...(clock && { clock }),
    }),
  )
  return { door, one, two }
}
const keysOf = ({ received }: FakeProvider): unknown[] => received.map(({ headers }) => headers.authorization)
const refuse = (status: number, headers = {}) => ({ does: 'refuse', status, headers }) as const

describe('an upstream with several keys', () => {
  it('uses them in turn', async () => {
    const { door, one } = await behind({ keys: ['a', 'b'] })
    for (let asked = 0; asked < 3; asked++) await (await ask(door.url)).text()

    expect(keysOf(one)).toEqual(['Bearer a', 'Bearer b', 'Bearer a'])
  })

  it.each([401, 403, 429])(
    'turns to the next at once when one gets a %i, and leaves that one alone',
    async (status) => {
      const { door, one, two } = await behind({ keys: ['a', 'b'] })
      one.next(refuse(status, { 'retry-after': '3' }))
      for (let asked = 0; asked < 3; asked++)
        expect((await ask(door.url)).headers.get('x-holdfast-link')).toBe('one')

      expect(keysOf(one)).toEqual(['Bearer a', 'Bearer b', 'Bearer b', 'Bearer b'])
      expect(two.received).toHaveLength(0)
    },
  )

  it('tries each of them once at most, however soon they could be used again', async () => {
    const { door, one } = await behind({ keys: ['a', 'b'], policy: { ...policy, retry: { attempts: 1 } } })
    one.always(refuse(429, { 'retry-after': '0' }))

    expect((await ask(door.url)).headers.get('x-holdfast-failed')).toBe('one=throttled')
    expect(one.received).toHaveLength(2)
  })

  it('repeats none of them in what it tells', async () => {
    const { door, one, two } = await behind({ keys: ['key-number-one', 'key-number-two'] })
    for (const key of ['key-number-one', 'key-number-two'])
      one.next({ does: 'refuse', status: 401, error: { error: { message: `wrong key ${key}` } } })
    two.always({ does: 'refuse', status: 500 })

    expect(await (await ask(door.url)).text()).not.toContain('key-number')
  })

  it('asks the next link when none of them is left', async () => {
    const { door, one } = await behind({ keys: ['a', 'b'] })
    one.always(refuse(429, { 'retry-after': '9' }))
    const responses = [await ask(door.url), await ask(door.url)]

    expect(responses.map(({ headers }) => headers.get('x-holdfast-failed'))).toEqual([
      'one=throttled',
      'one=throttled',
    ])
    expect(keysOf(one)).toEqual(['Bearer a', 'Bearer b'])
  })
})

describe('an upstream whose provider says that a limit is used up', () => {
  const usedUp = {
    'content-type': 'application/json',
    'x-ratelimit-limit-requests': '1',
    'x-ratelimit-remaining-requests': '0',
  }
  const answer = (reset: string) =>
    ({
      does: 'say',
      headers: { ...usedUp, 'x-ratelimit-reset-requests': reset },
      bytes: ['{"choices":[{"message":{"content":"x"}}]}'],
    }) as const

  const in9s = (): string => new Date(Date.now() + 9_000).toISOString()
  const openaiLimit = (of: string): Record<string, string> => ({
    [`x-ratelimit-remaining-${of}`]: '0',
    [`x-ratelimit-reset-${of}`]: '9s',
  })
  const anthropicLimit = (of: string): Record<string, string> => ({
    [`anthropic-ratelimit-${of}-remaining`]: '0',
    [`anthropic-ratelimit-${of}-reset`]: in9s(),
  })

  it('is not asked again before its time: the next link is', async () => {
    const { door, one } = await behind({})
    one.next(answer('9s'))
    const links = [await ask(door.url), await ask(door.url)].map(({ headers }) =>
      headers.get('x-holdfast-link'),
    )

    expect(links).toEqual(['one', 'two'])
    expect(one.received).toHaveLength(1)
    expect(door.gateway.status().chains[0]!.links[0]).toMatchObject({ attempts: 1, failures: {} })
  })

  it.each<[string, () => Record<string, string>]>([
    ['x-ratelimit-remaining-requests', () => openaiLimit('requests')],
    ['x-ratelimit-remaining-tokens', () => openaiLimit('tokens')],
    ['anthropic-ratelimit-requests-remaining', () => anthropicLimit('requests')],
    ['anthropic-ratelimit-tokens-remaining', () => anthropicLimit('tokens')],
    ['anthropic-ratelimit-input-tokens-remaining', () => anthropicLimit('input-tokens')],
    ['anthropic-ratelimit-output-tokens-remaining', () => anthropicLimit('output-tokens')],
  ])('is not asked until it is refused where an answer says %s: 0', async (_, said) => {
    const { door, one, two } = await behind({})
    const headers = { 'content-type': 'application/json', ...said() }
    one.always({ does: 'say', headers, bytes: ['{"choices":[{"message":{"content":"x"}}]}'] })
    await ask(door.url)
    await ask(door.url)

    expect([one.received.length, two.received.length]).toEqual([1, 1])
  })

  it('is said to the client to be away for as long as retry-after-ms has it', async () => {
    const { door, one } = await behind({ policy: { ...policy, retry: { attempts: 1 } } })
    one.always(refuse(429, { 'retry-after-ms': '8400' }))

    expect((await ask(door.url, { model: 'alone' })).headers.get('retry-after')).toBe('9')
  })

  it.each<[string, () => Record<string, string>]>([
    ['Retry-After in seconds', () => ({ 'retry-after': '9' })],
    ['Retry-After as a date', () => ({ 'retry-after': new Date(Date.now() + 9_000).toUTCString() })],
    ['retry-after-ms', () => ({ 'retry-after-ms': '9000' })],
  ])('is left alone for as long as a 429 says by %s', async (_, said) => {
    const { door, one } = await behind({})
    one.always(refuse(429, said()))
    const answers = [await ask(door.url), await ask(door.url), await ask(door.url, { model: 'alone' })]

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 503])
    expect(['8', '9']).toContain(answers[2]!.headers.get('retry-after'))
    expect(one.received).toHaveLength(1)
  })

  it('is waited for where that is not long', async () => {
    const { door, one } = await behind({})
    one.next(answer('40ms'))
    const links = [await ask(door.url), await ask(door.url)].map(({ headers }) =>
      headers.get('x-holdfast-link'),
    )

    expect(links).toEqual(['one', 'one'])
  })

  it('is waited for without a retry: a crowd draws on no budget, and nobody goes out before the time', async () => {
    const clock = fakeClock()
    const { door, one, two } = await behind({ policy: { ...policy, retry: { attempts: 1 } } }, {}, clock)
    one.next({ ...answer('1s'), headers: { ...openaiLimit('tokens'), 'x-ratelimit-reset-tokens': '900ms' } })
    await ask(door.url)
    const asked = Array.from({ length: 300 }, async () =>
      (await ask(door.url)).headers.get('x-holdfast-attempts'),
    )
    await vi.waitFor(() => expect(door.gateway.status().inFlight).toBe(300), { timeout: 5_000 })
    await clock.advance(899)

    expect(one.received).toHaveLength(1)
    await clock.advance(1)
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['1']))
    expect([one.received.length, two.received.length]).toEqual([301, 0])
  })

  it('is sent no more than it says it takes, however many want it at once', async () => {
    const { door, one, two } = await behind({})
    const left = { 'x-ratelimit-limit-requests': '10', 'x-ratelimit-remaining-requests': '2' }
    one.next({ ...answer('9s'), headers: { ...answer('9s').headers, ...left } })
    await ask(door.url)
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(door.url)))

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect([one.received.length, two.received.length]).toEqual([3, 98])
  })

  it('is waited for by as many as it takes while they wait', async () => {
    const clock = fakeClock()
    const { door, one, two } = await behind({ policy: { ...policy, retry: { attempts: 1 } } }, {}, clock)
    one.next({ ...answer('3s'), headers: { ...answer('3s').headers, 'x-ratelimit-limit-requests': '3' } })
    await ask(door.url)
    const asked = Promise.all(Array.from({ length: 3 }, () => ask(door.url)))
    await vi.waitFor(() => expect(door.gateway.status().inFlight).toBe(3), { timeout: 5_000 })
    for (const second of [1, 2, 3]) {
      await clock.advance(1_000)
      await one.seen(1 + second)
    }

    expect((await asked).map(({ headers }) => headers.get('x-holdfast-attempts'))).toEqual(['1', '1', '1'])
    expect(two.received).toHaveLength(0)
  })

  it('has said nothing against its breaker', async () => {
    const { door, one } = await behind({ policy: { ...policy, breaker: { failures: 1 } } })
    one.next(answer('9s'))
    for (let asked = 0; asked < 3; asked++) await ask(door.url)

    expect(door.gateway.status().chains[0]!.links[0]!.breaker).toMatchObject({ is: 'closed', failures: 0 })
  })
})

describe('a key that is refused', () => {
  it('is an event of its own, told once, and the next link answers', async () => {
    const { door, one } = await behind({ key: 'a' })
    one.always(refuse(401))
    for (let asked = 0; asked < 3; asked++)
      expect((await ask(door.url)).headers.get('x-holdfast-link')).toBe('two')

    expect(door.events.filter(({ type }) => type === 'key.refused')).toMatchObject([
      { upstream: 'one', key: 1, status: 401 },
    ])
  })
})

describe('a request that is too long for a link', () => {
  const tooLong = refuse(400, {})
  const error = { error: { message: 'too long', code: 'context_length_exceeded' } }

  it.each([
    ['takes no more', 8_000, 400, 0],
    ['takes more', 9_000, 200, 1],
    ['may take more', undefined, 200, 1],
  ])('is answered with %s by the next', async (_, context, status, asked) => {
    const { door, one, two } = await behind({ context: 8_000 }, { context })
    one.always({ ...tooLong, error })
    const response = await ask(door.url)

    expect(response.status).toBe(status)
    expect(two.received).toHaveLength(asked)
  })
})
