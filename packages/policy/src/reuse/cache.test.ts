import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { events, type PolicyEvent } from '../events.ts'
import { forget, status } from '../named/registry.ts'
import type { Call } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { standing } from './answer-cache.ts'
import { type CacheOptions, cache } from './cache.ts'

let nth = 0
policyContract('cache', (clock) => cache({ ttl: 1_000, key: () => String(nth++), clock }), {
  describe,
  it,
  expect,
})
policyContract('cache without keys', (clock) => cache({ ttl: 1_000, clock }), { describe, it, expect })

/** A cache on a clock of its own, around work that counts its runs and fails while `down`. */
function given<V>(options: Partial<CacheOptions<V>> = {}) {
  const clock = fakeClock()
  const keep = cache({ ttl: 100, clock, ...options })
  const ask = wrap(keep)
  const service = { runs: 0, down: false, calls: [] as Call[] }
  const work = async (call: Call) => {
    service.runs++
    service.calls.push(call)
    if (service.down) throw new Error(`down ${service.runs}`)
    return service.runs
  }
  const get = (key = 'k', signal?: AbortSignal) => ask<unknown>(work, { key, signal })
  return { clock, keep, ask, service, get }
}

const turn = () => new Promise(setImmediate)
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

describe('standing', () => {
  it('goes by age, each limit excluded', () => {
    const terms = { ttl: 10, staleWhileRevalidate: 5, staleIfError: 20 }
    expect([0, 9.9, 10, 14.9, 15, 29.9, 30].map((age) => standing(age, terms))).toEqual([
      'fresh',
      'fresh',
      'stale',
      'stale',
      'spare',
      'spare',
      'gone',
    ])
    expect(standing(1e300, { ...terms, ttl: Infinity })).toBe('fresh')
  })
})

describe('cache', () => {
  it('answers from memory for ttl ms, each key by itself', async () => {
    const { clock, keep, get } = given()
    expect([await get(), await get(), await get('other')]).toEqual([1, 1, 2])
    await clock.advance(99)
    expect(await get()).toBe(1)
    await clock.advance(1)

    expect(await get()).toBe(3)
    expect(keep.status()).toEqual({
      name: 'cache',
      size: 2,
      totalSize: 0,
      inFlight: 0,
      hits: 2,
      staleHits: 0,
      misses: 3,
      errorsAnswered: 0,
      refreshes: 0,
      refreshesFailed: 0,
    })
    expect(clock.pending).toBe(0)
  })

  it('keeps undefined, and the very same object', async () => {
    const { ask } = given()
    const value = {}
    expect(await ask(() => undefined, { key: 'u' })).toBe(undefined)
    await ask(() => value, { key: 'o' })

    expect(await ask(() => 'work', { key: 'u' })).toBe(undefined)
    expect(await ask(() => 'work', { key: 'o' })).toBe(value)
  })

  it('works on the system clock', async () => {
    const ask = wrap(cache({ ttl: 60_000 }))
    await ask(() => 'first', { key: 'k' })

    expect(await ask(() => 'second', { key: 'k' })).toBe('first')
  })

  it('runs the work once for a thousand misses of one key, each of which may leave', async () => {
    const { keep, ask } = given()
    const caller = new AbortController()
    const end = Promise.withResolvers<string>()
    let runs = 0
    const work = () => {
      runs++
      return end.promise
    }
    const left = outcome(ask(work, { key: 'k', signal: caller.signal }))
    const all = Array.from({ length: 1_000 }, () => ask(work, { key: 'k' }))
    caller.abort('bye')
    expect(await left).toEqual({ error: 'bye' })
    expect(keep.status()).toMatchObject({ inFlight: 1, misses: 1_001 })
    end.resolve('value')

    expect(new Set(await Promise.all(all))).toEqual(new Set(['value']))
    expect(runs).toBe(1)
    expect(getEventListeners(caller.signal, 'abort').length).toBe(0)
  })

  it('keeps no failure', async () => {
    const { service, get } = given()
    service.down = true
    const [one, two] = await Promise.all([outcome(get()), outcome(get())])
    expect(one).toMatchObject({ error: { message: 'down 1' } })
    expect((one as { error: unknown }).error).toBe((two as { error: unknown }).error)
    service.down = false

    expect(await get()).toBe(2)
  })

  it('does not keep what came from work that was aborted because everyone had left', async () => {
    const { keep, ask, get } = given()
    const caller = new AbortController()
    const end = Promise.withResolvers<string>()
    const left = outcome(ask(() => end.promise, { key: 'k', signal: caller.signal }))
    caller.abort('bye')
    await left
    end.resolve('too late')
    await turn()

    expect(keep.status().size).toBe(0)
    expect(await get()).toBe(1)
  })

  it('gives a stale answer at once, and refreshes it once in the background', async () => {
    const { clock, keep, service, get } = given({ staleWhileRevalidate: 50 })
    await get()
    await clock.advance(100)
    const caller = new AbortController()
    expect(await Promise.all([get('k', caller.signal), get(), get()])).toEqual([1, 1, 1])
    await turn()
    expect([service.runs, await get()]).toEqual([2, 2])
    caller.abort('bye')

    expect(service.calls[1]!.signal.aborted).toBe(false)
    expect(service.calls[1]).toMatchObject({ key: 'k', deadline: Infinity, attempt: 1 })
    expect(getEventListeners(caller.signal, 'abort').length).toBe(0)
    expect(keep.status()).toMatchObject({
      hits: 1,
      staleHits: 3,
      misses: 1,
      refreshes: 1,
      refreshesFailed: 0,
    })
    expect(clock.pending).toBe(0)
    await clock.advance(150)
    expect(await get()).toBe(3)
  })

  it('keeps the old answer when a refresh fails, and lets nobody but listeners know', async () => {
    const { clock, keep, service, get } = given({ staleWhileRevalidate: 50 })
    const heard: PolicyEvent[] = []
    await get()
    await clock.advance(100)
    service.down = true
    const off = events.on((event) => heard.push(event))
    expect(await get()).toBe(1)
    await turn()
    expect(await get()).toBe(1)
    await turn()
    off()

    const stale = { type: 'cache.answered', policy: 'cache', key: 'k', state: 'stale' }
    expect(heard).toMatchObject([
      stale,
      { type: 'cache.refresh-failed', policy: 'cache', key: 'k', error: { message: 'down 2' } },
      stale,
      { type: 'cache.refresh-failed', error: { message: 'down 3' } },
    ])
    expect(keep.status()).toMatchObject({ refreshes: 2, refreshesFailed: 2, errorsAnswered: 0 })
    expect(clock.pending).toBe(0)
    await clock.advance(50)
    expect(await outcome(get())).toMatchObject({ error: { message: 'down 4' } })
  })

  it('gives up a refresh that does not end, unless a call waits for it by then (I4)', async () => {
    const { clock, keep, ask, get } = given({ staleWhileRevalidate: 50, max: 1 })
    const signals: AbortSignal[] = []
    const hang = ({ signal }: Call) => {
      signals.push(signal)
      return new Promise<unknown>(() => {})
    }
    await get()
    await clock.advance(100)
    expect(await ask(hang, { key: 'k' })).toBe(1)
    await clock.advance(49)
    expect([signals[0]!.aborted, keep.status().inFlight, clock.pending]).toEqual([false, 1, 1])
    await clock.advance(1)
    expect(signals[0]).toMatchObject({ aborted: true, reason: { code: 'TIMEOUT', after: 50 } })
    expect(keep.status()).toMatchObject({ inFlight: 0, refreshesFailed: 1 })
    expect(clock.pending).toBe(0)

    await get()
    await clock.advance(100)
    await ask(hang, { key: 'k' })
    await get('another that takes its place')
    const caller = new AbortController()
    const waits = outcome(ask(hang, { key: 'k', signal: caller.signal }))
    await clock.advance(50)
    expect(signals[1]!.aborted).toBe(false)
    caller.abort('bye')
    expect(await waits).toEqual({ error: 'bye' })
    expect([signals.length, signals[1]!.aborted]).toEqual([2, true])
  })

  it('answers a failure with the old answer for staleIfError ms after ttl, for all who wait', async () => {
    const { clock, keep, service, get } = given({ staleIfError: 200 })
    const heard: PolicyEvent[] = []
    await get()
    service.down = true
    await clock.advance(299)
    const off = events.on((event) => heard.push(event))
    expect(await Promise.all([get(), get()])).toEqual([1, 1])
    off()
    expect(heard).toEqual(
      Array(2).fill({ type: 'cache.answered', policy: 'cache', key: 'k', state: 'stale-if-error' }),
    )
    expect(keep.status()).toMatchObject({ misses: 3, errorsAnswered: 2, size: 1 })
    await clock.advance(1)

    expect(await outcome(get())).toMatchObject({ error: { message: 'down 3' } })
    expect(keep.status().size).toBe(0)
  })

  it('judges the old answer when the work has failed, not when it began', async () => {
    const { clock, ask, get } = given({ staleIfError: 200 })
    await get()
    await clock.advance(200)
    const end = Promise.withResolvers<never>()
    const late = outcome(ask(() => end.promise, { key: 'k' }))
    await clock.advance(100)
    end.reject('down')

    expect(await late).toEqual({ error: 'down' })
  })

  it('counts a refresh as failed when the old answer stands in, and does not pass it off as new', async () => {
    const { clock, keep, service, get } = given({ staleWhileRevalidate: 50, staleIfError: 100 })
    await get()
    service.down = true
    await clock.advance(100)
    expect(await get()).toBe(1)
    await turn()
    expect(keep.status()).toMatchObject({ refreshesFailed: 1, errorsAnswered: 0 })
    await clock.advance(60)

    expect(await get()).toBe(1)
    expect(keep.status()).toMatchObject({ misses: 2, errorsAnswered: 1 })
  })

  it('answers a timeout inside it with the old answer, but not one outside, nor a caller who leaves', async () => {
    const { clock, keep, get } = given({ staleIfError: 1_000 })
    const hang = () => new Promise<unknown>(() => {})
    await get()
    await clock.advance(100)
    const caller = new AbortController()
    const inside = outcome(wrap(keep, timeout(10, { clock }))(hang, { key: 'k' }))
    await clock.advance(10)
    expect(await inside).toEqual({ value: 1 })
    const outside = outcome(wrap(timeout(10, { clock }), keep)(hang, { key: 'k' }))
    const left = outcome(wrap(keep)(hang, { key: 'k', signal: caller.signal }))
    caller.abort('bye')
    await clock.advance(10)

    expect(await outside).toMatchObject({ error: { code: 'TIMEOUT' } })
    expect(await left).toEqual({ error: 'bye' })
  })

  it('does not bring back what was dropped while it was on its way (I2)', async () => {
    for (const drop of ['invalidate', 'clear', 'reset'] as const) {
      const { keep, ask, get } = given()
      const [old, fresh] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
      const before = ask(() => old.promise, { key: 'k' })
      if (drop === 'invalidate') expect(keep.invalidate('k')).toBe(true)
      else keep[drop]()
      const after = ask(() => fresh.promise, { key: 'k' })
      fresh.resolve('new')
      expect(await after).toBe('new')
      old.resolve('old')

      expect(await before).toBe('old')
      expect(await get()).toBe('new')
    }
  })

  it('drops one or all, and says whether there was one', async () => {
    const { keep, get } = given()
    await get('a')
    await get('b')
    expect([keep.invalidate('a'), keep.invalidate('a'), keep.invalidate('never')]).toEqual([
      true,
      false,
      false,
    ])
    expect(await get('b')).toBe(2)
    keep.clear()

    expect(keep.status()).toMatchObject({ size: 0, hits: 1, misses: 2 })
    expect(await get('b')).toBe(3)
    keep.reset()
    expect(keep.status()).toMatchObject({ size: 0, hits: 0, misses: 0 })
  })

  it('keeps only what is cacheable, and the old answer beside what is not', async () => {
    const { clock, keep, service, get } = given({
      cacheable: (value: number) => value !== 2,
      staleIfError: 1_000,
    })
    expect(await get()).toBe(1)
    await clock.advance(100)
    expect([await get(), keep.status().size]).toEqual([2, 1])
    service.down = true

    expect(await get()).toBe(1)
  })

  it('keeps max answers, the latest used, and no more than maxSize in all', async () => {
    const few = given({ max: 2 })
    for (const key of ['a', 'b', 'a', 'c']) await few.get(key)
    expect([await few.get('a'), await few.get('b'), few.keep.status().size]).toEqual([1, 4, 2])

    const small = given({ maxSize: 5, sizeOf: (value: number) => value })
    for (const key of ['a', 'b', 'c']) await small.get(key)
    expect(small.keep.status()).toMatchObject({ size: 2, totalSize: 5 })
    for (const key of ['d', 'e', 'f']) await small.get(key)
    expect(small.keep.status()).toMatchObject({ size: 1, totalSize: 5 })
  })

  it('fails the call when sizeOf answers no size', async () => {
    const { get } = given({ maxSize: 5, sizeOf: () => Number.NaN })

    await expect(get()).rejects.toThrow(/cache.sizeOf\(value\) must be a number, at least 0, not NaN/)
  })

  it('passes a call without a key through', async () => {
    const { ask, keep } = given({ key: ({ operation }) => operation })
    let runs = 0
    await ask(() => ++runs, { key: 'k' })
    await ask(() => ++runs, { key: 'k' })
    await ask(() => ++runs, { operation: '' })
    await ask(() => ++runs, { operation: '' })

    expect([runs, keep.status().hits]).toEqual([3, 1])
  })

  it('is the same by name everywhere, and must be made before it is asked for', async () => {
    const users = cache('users', { ttl: 1_000 })
    expect(cache('users')).toBe(users)
    expect(users.name).toBe('users')
    expect(status('cache')).toMatchObject([{ name: 'users', size: 0 }])
    expect(() => cache('users', { ttl: 2_000 })).toThrow(/cache 'users' already exists with { ttl: 1000 }/)
    expect(() => cache('orders')).toThrow(/there is no cache 'orders'; there is users/)
    forget('users', 'cache')
  })

  it('refuses what makes no sense', () => {
    const refused: [object, RegExp][] = [
      [{}, /cache.ttl must be a number of ms above 0/],
      [{ ttl: 0 }, /cache.ttl/],
      [{ ttl: 1, tll: 2 }, /cache.tll must be left out/],
      [{ ttl: 1, max: 0 }, /cache.max must be/],
      [{ ttl: 1, maxSize: 0, sizeOf: () => 1 }, /cache.maxSize must be a number above 0/],
      [{ ttl: 1, maxSize: 9 }, /given together with sizeOf/],
      [{ ttl: 1, staleIfError: Infinity }, /cache.staleIfError/],
      [{ ttl: 1, staleWhileRevalidate: -1 }, /cache.staleWhileRevalidate/],
      [{ ttl: 1, key: 'k' }, /cache.key must be a function/],
      [{ ttl: 1, cacheable: true }, /cache.cacheable must be a function/],
    ]
    for (const [options, message] of refused) expect(() => cache(options as never)).toThrow(message)
  })
})
