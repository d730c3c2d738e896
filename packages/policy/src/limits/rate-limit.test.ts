import { afterEach, describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { HoldfastError } from '../errors.ts'
import { events, type PolicyEvent } from '../events.ts'
import { forget, reset, status } from '../named/registry.ts'
import { wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type RateLimitOptions, rateLimit } from './rate-limit.ts'

policyContract('rateLimit', (clock) => rateLimit({ limit: 10, per: 1_000, queue: 40, clock }), {
  describe,
  it,
  expect,
})
policyContract(
  'rateLimit by key',
  (clock) =>
    rateLimit({
      limit: 1,
      per: 1_000,
      algorithm: 'sliding-window',
      queue: 49,
      perKey: true,
      heed: true,
      clock,
    }),
  { describe, it, expect },
)

const stop: (() => void)[] = []
afterEach(() => {
  for (const each of stop.splice(0)) each()
  forget('api')
})

const algorithms = [['token-bucket'], ['sliding-window']] as const

describe('rateLimit', () => {
  it.each(algorithms)(
    'lets its limit go, then refuses with a retryAfter that is true: %s',
    async (algorithm) => {
      const clock = fakeClock(12_345.678)
      const ask = wrap(rateLimit('api', { limit: 3, per: 1_000, algorithm, clock }))
      let called = 0
      for (let n = 0; n < 3; n++) await ask(() => ++called)
      for (let round = 0; round < 20; round++) {
        const error = await ask(() => ++called).catch((reason) => reason)
        expect(error).toMatchObject({ code: 'RATE_LIMITED', reason: 'full', rateLimit: 'api' })
        expect(error.retryAfter).toBeGreaterThan(0)
        await clock.advance(error.retryAfter - 0.01)
        await expect(ask(() => ++called)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
        await clock.advance(0.01)
        await ask(() => ++called)
        if (algorithm === 'sliding-window') for (let n = 0; n < 2; n++) await ask(() => ++called)
      }

      expect(called).toBe(algorithm === 'token-bucket' ? 23 : 63)
    },
  )

  it('says when the next call may go', async () => {
    const clock = fakeClock()
    const ask = wrap(rateLimit('api', { limit: 2, per: 1_000, clock }))
    await ask(() => 1)
    await ask(() => 2)
    const error = await ask(() => 3).catch((reason) => reason)

    expect(error.message).toBe(
      "rate limit 'api': 2 calls per 1000 ms are used up; the next call may go in 500 ms",
    )
    expect(error).toBeInstanceOf(HoldfastError)
  })

  it('tells the time that is left when the error is looked at', async () => {
    const clock = fakeClock()
    const ask = wrap(rateLimit({ limit: 1, per: 1_000, clock }))
    await ask(() => 1)
    const outcome = await ask.attempt(() => 2)
    await clock.advance(400)

    expect(outcome.ok === false && outcome.error).toMatchObject({ retryAfter: 600 })
  })

  it('has a retry that is told so come back when it said, and not before', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 1_000, clock })
    const when = (error: unknown) => (error as { code?: string }).code === 'RATE_LIMITED'
    const ask = wrap(retry({ clock, when, backoff: { initial: 1, max: 5_000 } }), own)
    await ask(() => 1)
    const second = ask(() => clock.now())
    await clock.advance(2_000)

    expect(await second).toBe(1_000)
    expect(own.status().rejected.full).toBe(1)
  })

  it('keeps a burst that differs from the limit', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 10, per: 1_000, burst: 2, clock })
    const ask = wrap(own)
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => ask.attempt(() => 1)))

    expect(outcomes.filter(({ ok }) => ok).length).toBe(2)
    expect(own.status()).toEqual({
      name: 'rate-limit',
      limit: 10,
      per: 1_000,
      available: 0,
      retryAfter: 100,
      waiting: 0,
      rejected: { full: 3, waited: 0, outranked: 0 },
    })
  })

  it.each(algorithms)('has calls wait for their turn, higher priority first: %s', async (algorithm) => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 100, algorithm, queue: 4, clock })
    const ask = wrap(own)
    const went: [string, number][] = []
    const go = (name: string, priority?: number) =>
      ask(() => void went.push([name, clock.now()]), { priority }).catch((error) =>
        went.push([name, error.code]),
      )
    const all = [go('a'), go('b'), go('c'), go('high', 1), go('low', -1), go('lower', -1), go('mid', 0.5)]
    expect(own.status()).toMatchObject({ waiting: 4, available: 0, retryAfter: 500 })
    expect(clock.pending).toBe(1)
    await clock.advance(1_000)
    await Promise.all(all)

    expect(went).toEqual(
      [
        ['a', 0],
        ['low', 'RATE_LIMITED'],
        ['lower', 'RATE_LIMITED'],
        ['high', 100],
        ['mid', 200],
        ['b', 300],
        ['c', 400],
      ].sort((one, other) => rank(one) - rank(other)),
    )
    expect([clock.pending, own.status().rejected]).toEqual([0, { full: 1, waited: 0, outranked: 1 }])
    function rank([name]: unknown[]) {
      return ['a', 'lower', 'low', 'high', 'mid', 'b', 'c'].indexOf(name as string)
    }
  })

  it('gives a newcomer no turn before those who wait', async () => {
    const clock = fakeClock()
    const went: string[] = []
    const ask = wrap(rateLimit({ limit: 1, per: 100, queue: 5, clock }))
    for (const name of ['a', 'b', 'c']) ask(() => void went.push(name))
    clock.after(100, () => void ask(() => void went.push('d')))
    await clock.advance(1_000)

    expect(went).toEqual(['a', 'b', 'c', 'd'])
  })

  it('lets those who are due go before a newcomer, even if its timer is late', async () => {
    const clock = fakeClock()
    let now = 0
    const late = { now: () => now, after: clock.after }
    const went: string[] = []
    const ask = wrap(rateLimit({ limit: 1, per: 100, queue: 5, clock: late }))
    for (const name of ['a', 'b']) ask(() => void went.push(name))
    now = 250
    const c = ask(() => void went.push('c'))
    await clock.advance(0)
    expect(went).toEqual(['a', 'b'])
    now = 400
    await clock.advance(400)
    await c

    expect(went).toEqual(['a', 'b', 'c'])
  })

  it('turns a call away at once whose turn cannot come in time', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 1_000, queue: 10, maxWait: 1_500, clock })
    const ask = wrap(own)
    await ask(() => 1)
    const first = ask(() => 2)
    const [late, hasty] = await Promise.all([
      ask(() => 3).catch((error) => error),
      ask(() => 4, { deadline: 900, priority: 1 }).catch((error) => error),
    ])

    expect(late).toMatchObject({ reason: 'waited', retryAfter: 2_000 })
    expect(late.message).toMatch(/may go in 2000 ms, and the call may not wait that long$/)
    expect(hasty).toMatchObject({ code: 'RATE_LIMITED', reason: 'waited' })
    expect(own.status().waiting).toBe(1)
    await clock.advance(1_000)
    expect(await first).toBe(2)
    expect(clock.pending).toBe(0)
  })

  it('lets a call go after exactly its longest wait, but not at its deadline', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 100, queue: 10, maxWait: 200, clock })
    const ask = wrap(own)
    await ask(() => 1)
    const all = Promise.all([ask(() => clock.now()), ask(() => clock.now())])
    const outcome = await ask.attempt(() => 1, { priority: 1, deadline: 100 })
    expect(outcome).toMatchObject({ ok: false, error: { reason: 'waited' } })
    await clock.advance(200)

    expect(await all).toEqual([100, 200])
    expect(clock.pending).toBe(0)
  })

  it('turns a call away that was pushed back until it has waited too long', async () => {
    const clock = fakeClock()
    const ask = wrap(rateLimit({ limit: 1, per: 1_000, queue: 10, maxWait: 1_500, clock }))
    await ask(() => 1)
    const pushed = ask(() => 2).catch((error) => error)
    const first = ask(() => 3, { priority: 1 })
    await clock.advance(1_500)

    expect(await first).toBe(3)
    expect(await pushed).toMatchObject({ code: 'RATE_LIMITED', reason: 'waited' })
    expect(clock.pending).toBe(0)
  })

  it('lets go of a waiting call at once when its caller leaves or its timeout fires, and of its timer', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 60_000, queue: 2, clock })
    const caller = new AbortController()
    const ask = wrap(timeout(120_000, { clock }), own)
    await ask(() => 1)
    const left = ask(() => 2, { signal: caller.signal }).catch((reason) => reason)
    await clock.advance(50)
    expect(own.status().waiting).toBe(1)
    caller.abort('left')
    expect(own.status().waiting).toBe(0)
    expect(await left).toBe('left')
    expect(clock.pending).toBe(0)

    const pushed = ask(() => 3, { deadline: 61_000 }).catch(({ code }) => code)
    const first = ask(() => 4, { priority: 1 })
    await clock.advance(60_950)
    expect(await first).toBe(4)
    expect(await pushed).toBe('DEADLINE_PASSED')
    expect([own.status().waiting, clock.pending]).toEqual([0, 0])
  })

  it('does not call work for a call that left between its turn and its going', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const after = (ms: number, fn: () => void) =>
      clock.after(ms, () => {
        fn()
        caller.abort('left')
      })
    const own = rateLimit({ limit: 1, per: 100, queue: 2, clock: { now: clock.now, after } })
    const ask = wrap(own)
    let called = 0
    await ask(() => ++called)
    const second = ask(() => ++called, { signal: caller.signal }).catch((reason) => reason)
    await clock.advance(100)

    expect([await second, called, own.status().waiting, clock.pending]).toEqual(['left', 1, 0, 0])
  })

  it.each(algorithms)('has a thousand at once go at its pace: %s', async (algorithm) => {
    const clock = fakeClock()
    const ask = wrap(rateLimit({ limit: 100, per: 10, algorithm, queue: 900, clock }))
    const went: number[] = []
    const all = Array.from({ length: 1_000 }, (_, n) => ask(() => went.push(clock.now()) && n))
    await clock.advance(90)

    expect(await Promise.all(all)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    expect(went.filter((time) => time === 0).length).toBe(100)
    expect([went.at(-1), clock.pending]).toEqual([90, 0])
  })

  it('lets nobody go while it is paused, and those who wait at their pace after it', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 10, per: 1_000, burst: 2, queue: 4, clock })
    const ask = wrap(own)
    const went: number[] = []
    own.pause(5_000)
    own.pause(10)
    expect(own.status()).toMatchObject({ available: 0, retryAfter: 5_000 })
    for (let n = 0; n < 4; n++) ask(() => void went.push(clock.now()))
    expect(own.status().retryAfter).toBe(5_300)
    const error = await ask(() => 1).catch((reason) => reason)
    expect(error.message).toBe("rate limit 'rate-limit': it is paused; the next call may go in 5300 ms")
    await clock.advance(5_300)
    expect(own.status()).toMatchObject({ available: 1, retryAfter: 0 })

    expect(went).toEqual([5_000, 5_000, 5_100, 5_200])
    expect(await ask(() => 'true')).toBe('true')
    expect(() => own.pause(Infinity)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('takes a pause that begins while calls wait into account, and ends it on reset', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 100, queue: 4, clock })
    const ask = wrap(own)
    const went: number[] = []
    for (let n = 0; n < 4; n++) ask(() => void went.push(clock.now()))
    await clock.advance(150)
    own.pause(10_000)
    await clock.advance(1_000)
    expect(went).toEqual([0, 100])
    own.reset()
    await clock.advance(100)

    expect(went).toEqual([0, 100, 1_150, 1_250])
    expect(clock.pending).toBe(0)
  })

  it('heeds what a failure asks for, if told to, and not what other policies ask for', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 100, per: 1_000, heed: true, clock })
    const ask = wrap(own)
    const busy = Object.assign(new Error('429'), { retryAfter: 3_000 })
    await ask(() => Promise.reject(new Error('500'))).catch(() => {})
    expect(own.status().retryAfter).toBe(0)
    await ask(() => Promise.reject(busy)).catch(() => {})
    expect(own.status().retryAfter).toBe(3_000)
    own.reset()
    const isolated = breaker({ clock })
    isolated.isolate()
    await wrap(own, isolated)(() => 1).catch(() => {})
    const shut = wrap(rateLimit({ limit: 1, per: 9_000, clock }))
    await shut(() => 1)
    await ask(() => shut(() => 1)).catch(() => {})
    expect(own.status().retryAfter).toBe(0)

    const deaf = rateLimit({ limit: 100, per: 1_000, clock })
    await wrap(deaf)(() => Promise.reject(busy)).catch(() => {})
    expect(deaf.status().retryAfter).toBe(0)
  })

  it('tells of those it turns away', async () => {
    const clock = fakeClock()
    const facts: PolicyEvent[] = []
    stop.push(events.on((event) => facts.push(event)))
    const ask = wrap(rateLimit('api', { limit: 1, per: 100, perKey: true, clock }))
    await ask(() => 1, { key: 'k' })
    await ask(() => 2, { key: 'k' }).catch(() => {})

    expect(facts).toEqual([
      { type: 'rate-limit.rejected', policy: 'api', reason: 'full', retryAfter: 100, waiting: 0, key: 'k' },
    ])
  })

  it('is the same everywhere under one name, and a conflict with other options', () => {
    const own = rateLimit('api', { limit: 5, per: 1_000 })

    expect(rateLimit('api')).toBe(own)
    expect(() => rateLimit('api', { limit: 6, per: 1_000 })).toThrow(/\{ limit: 5/)
    expect(status('rateLimit')).toMatchObject([{ name: 'api', available: 5 }])
    expect(reset('api')).toBe(true)
  })

  it('says that nobody has made one of that name', () => {
    expect(() => rateLimit('nope')).toThrow(expect.objectContaining({ code: 'NAME_UNKNOWN' }))
  })

  it.each<[RateLimitOptions | string]>([
    [{ limit: 1, per: 1, maxWait: 5 }],
    [{ limit: 0, per: 1 }],
    [{ limit: 1, per: 0 }],
    [{ limit: 1, per: Infinity }],
    [{ limit: 1, per: 1, burst: 0.5 }],
    [{ limit: 1, per: 1, burst: 2, algorithm: 'sliding-window' }],
    [{ limit: 2_000_000, per: 1, algorithm: 'sliding-window' }],
    [{ limit: 1, per: 1, algorithm: 'leaky' as 'token-bucket' }],
    [{ limit: 1, per: 1, queue: -1 }],
    [{ limit: 1, per: 1, maxWait: 0 }],
    [{ limit: 1, per: 1, maxKeys: 0 }],
    [{ limit: 1, per: 1, rate: 2 } as RateLimitOptions],
  ])('refuses %o', (options) => {
    expect(() => rateLimit(options as RateLimitOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

describe('rateLimit with perKey', () => {
  it('has a rate, a queue and a pause for each key', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 100, perKey: true, heed: true, queue: 1, clock })
    const ask = wrap(own)
    const busy = Object.assign(new Error('429'), { retryAfter: 3_000 })
    await ask(() => 1, { key: 'a' })
    await ask(() => Promise.reject(busy), { key: 'b' }).catch(() => {})
    const waiting = ask(() => 'a', { key: 'a' })
    await ask(() => 1)

    expect(own.status('a')).toMatchObject({ available: 0, retryAfter: 200, waiting: 1 })
    expect(own.status('b')).toMatchObject({ available: 0, retryAfter: 3_000, waiting: 0 })
    expect(own.status('new')).toMatchObject({ available: 1, retryAfter: 0 })
    expect(own.status()).toMatchObject({ available: 1, waiting: 1, keys: 3 })
    await clock.advance(100)
    expect(await waiting).toBe('a')
    own.pause(1_000)
    expect(own.status('new')).toMatchObject({ available: 0, retryAfter: 1_000 })
  })

  it('pauses everybody, also new keys, unless told a key', async () => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 100, perKey: true, clock })
    own.pause(1_000)
    expect(await wrap(own)(() => 1, { key: 'new' }).catch(({ retryAfter }) => retryAfter)).toBe(1_000)
    own.reset()

    expect(await wrap(own)(() => 1, { key: 'new' })).toBe(1)
  })

  it.each(['has gone', 'is paused', 'waits'])('forgets idle keys first, before one that %s', async (busy) => {
    const clock = fakeClock()
    const own = rateLimit({ limit: 1, per: 100, perKey: true, maxKeys: 3, queue: 1, clock })
    const ask = wrap(own)
    const states = () => ['busy', 'idle'].map((key) => own.status(key).available)
    if (busy === 'is paused') own.pause(1_000, 'busy')
    await clock.advance(200)
    if (busy !== 'is paused') await ask(() => 1, { key: 'busy' })
    if (busy === 'waits') ask(() => 2, { key: 'busy' })
    await clock.advance(busy === 'waits' ? 50 : 0)
    own.pause(0, 'idle')
    own.pause(0, 'other')
    own.pause(0, 'newcomer')

    expect(own.status().keys).toBe(3)
    expect(states()).toEqual([0, 1])
    expect(own.status('busy').retryAfter).toBeGreaterThan(0)
    await clock.advance(2_000)
  })
})
