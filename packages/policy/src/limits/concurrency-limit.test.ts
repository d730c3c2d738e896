import { afterEach, describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { TimeoutError } from '../errors.ts'
import { events, type PolicyEvent } from '../events.ts'
import { forget, reset, status } from '../named/registry.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { bulkhead } from './bulkhead.ts'
import { type ConcurrencyLimitOptions, concurrencyLimit } from './concurrency-limit.ts'

policyContract('concurrencyLimit', (clock) => concurrencyLimit({ initial: 20, queue: 30, clock }), {
  describe,
  it,
  expect,
})

const stop: (() => void)[] = []
afterEach(() => {
  for (const each of stop.splice(0)) each()
  forget('api')
})

/** A limit that knows from its first window how long an answer takes: 100 ms. */
async function taught(options: ConcurrencyLimitOptions = {}) {
  const clock = fakeClock()
  const own = concurrencyLimit({ initial: 20, ...options, clock })
  const ask = wrap(own)
  const answer = () => new Promise<void>((resolve) => clock.after(100, resolve))
  for (let round = 0; round < 4; round++) {
    for (let n = 0; n < 5; n++) ask(answer)
    await clock.advance(100)
  }
  expect(own.status()).toMatchObject({ limit: options.initial ?? 20, baseline: 100, latency: 100 })
  return { clock, own, ask, answer }
}

describe('concurrencyLimit', () => {
  it('turns away who finds no place, without calling the work', async () => {
    const ask = wrap(concurrencyLimit('api', { initial: 1, queue: 1 }))
    ask(() => new Promise(() => {}))
    ask(() => new Promise(() => {}))
    let called = false
    const error = await ask(() => {
      called = true
    }).catch((reason) => reason)

    expect(called).toBe(false)
    expect(error).toMatchObject({
      name: 'ConcurrencyLimitError',
      code: 'CONCURRENCY_LIMITED',
      message: "concurrency limit 'api' is full (1 inside of 1, 1 waiting)",
      concurrencyLimit: 'api',
      reason: 'full',
      limit: 1,
      inFlight: 1,
      waiting: 1,
    })
  })

  it('falls when answers take longer, and grows when they do not', async () => {
    const { clock, own, ask } = await taught()
    const facts: PolicyEvent[] = []
    stop.push(events.on((event) => facts.push(event)))
    for (let n = 0; n < 20; n++) ask(() => new Promise<void>((resolve) => clock.after(200, resolve)))
    await clock.advance(200)
    expect(own.status()).toMatchObject({ limit: 14, latency: 200, baseline: 100, inFlight: 0 })
    for (let n = 0; n < 20; n++)
      ask(() => new Promise<void>((resolve) => clock.after(100, resolve))).catch(() => {})
    await clock.advance(100)
    for (let n = 0; n < 14; n++)
      ask(() => new Promise<void>((resolve) => clock.after(100, resolve))).catch(() => {})
    await clock.advance(100)

    expect(own.status().limit).toBe(18)
    expect(facts.filter(({ type }) => type === 'concurrency-limit.changed')).toEqual([
      { type: 'concurrency-limit.changed', policy: own.name, from: 20, to: 14, latency: 200, baseline: 100 },
      { type: 'concurrency-limit.changed', policy: own.name, from: 14, to: 18, latency: 100, baseline: 100 },
    ])
    expect(facts.filter(({ type }) => type === 'concurrency-limit.rejected')).toEqual(
      Array.from({ length: 6 }, () => ({
        type: 'concurrency-limit.rejected',
        policy: own.name,
        reason: 'full',
        limit: 14,
        inFlight: 14,
        waiting: 0,
      })),
    )
    expect(own.status().rejected.full).toBe(6)
  })

  it.each<[string, unknown, number]>([
    ['a timeout further in that left it the ordinary time', new TimeoutError('inner', 150), 150],
    ['a failure that asks to wait', Object.assign(new Error('503'), { retryAfter: 1_000 }), 1],
  ])('falls for %s', async (_, error, ms) => {
    const { clock, own, ask } = await taught()
    const fail = () => new Promise<void>((_, reject) => clock.after(ms, () => reject(error)))
    const failed = Array.from({ length: 10 }, () => ask.attempt(fail))
    await clock.advance(ms)
    await Promise.all(failed)

    expect(own.status()).toMatchObject({ limit: 16, inFlight: 0 })
  })

  it('falls for a refusal by the limit of another in the work, and for what it is told is an overload', async () => {
    const full = wrap(bulkhead(1))
    full(() => new Promise(() => {}))
    const inner = await taught()
    await inner.ask.attempt(() => full(() => 1))
    expect(inner.own.status().limit).toBe(16)

    const told = await taught({ isOverload: (error) => error === 'too much' })
    await told.ask.attempt(() => Promise.reject('too much'))
    expect(told.own.status().limit).toBe(16)
  })

  it('falls for a timeout or a deadline outside that left the ordinary time, not for a shorter one', async () => {
    const hang = () => new Promise<never>(() => {})
    for (const [ms, limit] of [
      [150, 16],
      [100, 16],
      [50, 20],
    ] as const) {
      const one = await taught()
      const late = wrap(timeout(ms, { clock: one.clock }), one.own).attempt(hang)
      await one.clock.advance(ms)
      expect([(await late).ok, one.own.status().limit]).toEqual([false, limit])

      const other = await taught()
      const past = other.ask.attempt(hang, { deadline: other.clock.now() + ms })
      await other.clock.advance(ms)
      expect([(await past).ok, other.own.status().limit]).toEqual([false, limit])
    }
  })

  it("takes no notice of other failures, of the caller's abort, and of refusals further in", async () => {
    const { clock, own, ask } = await taught()
    const caller = new AbortController()
    const left = ask.attempt(() => new Promise(() => {}), { signal: caller.signal })
    await clock.advance(5_000)
    caller.abort(Object.assign(new Error('left'), { retryAfter: 1 }))
    await left
    for (let n = 0; n < 100; n++) await ask.attempt(() => Promise.reject(new Error('400')))
    const open = breaker({ clock })
    open.isolate()
    await wrap(own, open).attempt(() => 1)
    await ask.attempt(() => wrap(open)(() => 1))
    await wrap(own, bulkhead(1), () => () => Promise.reject('x')).attempt(() => 1)

    expect(own.status()).toMatchObject({ limit: 20, inFlight: 0, latency: 100, baseline: 100 })
  })

  it('measures a call that waited from when it was let in', async () => {
    const { clock, own, ask, answer } = await taught({ initial: 10, queue: 50 })
    for (let n = 0; n < 40; n++) ask(answer)
    await clock.advance(1_000)

    expect(own.status()).toMatchObject({ latency: 100, waiting: 0, inFlight: 0 })
    expect(own.status().limit).toBeGreaterThan(10)
  })

  it('sheds low priority first, and lets ordinary calls use all of the limit', async () => {
    const clock = fakeClock()
    const own = concurrencyLimit({ initial: 10, lowPriorityShare: 0.4, clock })
    const ask = wrap(own)
    const start = async (count: number, priority: number) => {
      const before = own.status().inFlight
      for (let n = 0; n < count; n++) ask(() => new Promise(() => {}), { priority }).catch(() => {})
      return own.status().inFlight - before
    }

    expect(await start(10, -1)).toBe(4)
    expect(await start(3, 0)).toBe(3)
    expect(await start(1, -1)).toBe(0)
    expect(await start(10, 5)).toBe(3)
  })

  it('keeps low priority waiting while the rest of the limit is for others', async () => {
    const clock = fakeClock()
    const own = concurrencyLimit({ initial: 2, queue: 5, clock })
    const ask = wrap(own)
    const log: string[] = []
    const works: PromiseWithResolvers<void>[] = []
    const start = (name: string, priority: number) => {
      const work = Promise.withResolvers<void>()
      works.push(work)
      ask(
        () => {
          log.push(name)
          return work.promise
        },
        { priority },
      )
      return clock.advance(0)
    }
    await start('low 1', -1)
    await start('low 2', -1)
    await start('ordinary', 0)
    expect([log, own.status().waiting]).toEqual([['low 1', 'ordinary'], 1])
    works[2]!.resolve()
    await clock.advance(0)
    expect(own.status()).toMatchObject({ inFlight: 1, waiting: 1 })
    works[0]!.resolve()
    await clock.advance(0)

    expect([log.at(-1), own.status().waiting]).toEqual(['low 2', 0])
  })

  it('gives a place that comes free to an ordinary call, also out of those kept from low priority', async () => {
    const clock = fakeClock()
    const own = concurrencyLimit({ initial: 2, queue: 5, clock })
    const ask = wrap(own)
    const first = Promise.withResolvers<void>()
    ask(() => first.promise)
    ask(() => new Promise(() => {}))
    const waiting = ask(() => 'in')
    first.resolve()

    expect(await waiting).toBe('in')
  })

  it('gives the place back even if what it is told about overload throws', async () => {
    const isOverload = () => {
      throw new Error('broken')
    }
    const own = concurrencyLimit({ isOverload })
    await expect(wrap(own)(() => Promise.reject('down'))).rejects.toThrow('broken')

    expect(own.status().inFlight).toBe(0)
  })

  it('turns away who waited too long, and lets go of who leaves', async () => {
    const clock = fakeClock()
    const own = concurrencyLimit({ initial: 1, queue: 2, maxWait: 100, clock })
    const ask = wrap(own)
    const caller = new AbortController()
    ask(() => new Promise(() => {}))
    const late = ask(() => 1).catch((error) => error)
    const left = ask(() => 1, { signal: caller.signal }).catch((reason) => reason)
    caller.abort('left')
    await clock.advance(100)

    expect([(await late).reason, await left, clock.pending]).toEqual(['waited', 'left', 0])
    expect(own.status()).toMatchObject({ waiting: 0, rejected: { waited: 1 } })
  })

  it('forgets what it has learned on reset, but not who is inside', async () => {
    const { own, ask } = await taught()
    ask(() => new Promise(() => {}))
    await ask.attempt(() => Promise.reject({ retryAfter: 1 }))
    expect(own.status().limit).toBe(16)
    own.reset()

    expect(own.status()).toEqual({
      name: 'concurrency-limit',
      limit: 20,
      inFlight: 1,
      waiting: 0,
      latency: undefined,
      baseline: undefined,
      rejected: { full: 0, waited: 0, outranked: 0 },
    })
  })

  it('is the same everywhere under one name, and a conflict with other options', () => {
    const own = concurrencyLimit('api', { max: 50 })

    expect(concurrencyLimit('api')).toBe(own)
    expect(() => concurrencyLimit('api', { max: 60 })).toThrow(/\{ max: 50 \}/)
    expect(status('concurrencyLimit')).toMatchObject([{ name: 'api', limit: 20 }])
    expect(reset('api')).toBe(true)
    forget('api')
    expect(concurrencyLimit('api')).not.toBe(own)
    expect(concurrencyLimit({ max: 5 }).status().limit).toBe(5)
    expect(concurrencyLimit().status().limit).toBe(20)
  })

  it.each<[ConcurrencyLimitOptions]>([
    [{ min: 0 }],
    [{ min: 5, max: 4 }],
    [{ initial: 5, max: 4 }],
    [{ lowPriorityShare: 1.1 }],
    [{ queue: -1 }],
    [{ maxWait: 0 }],
    [{ algorithm: 'vegas' } as ConcurrencyLimitOptions],
  ])('refuses %o', (options) => {
    expect(() => concurrencyLimit(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})
