import { AsyncLocalStorage } from 'node:async_hooks'
import {
  breaker,
  bulkhead,
  type Call,
  type Decorator,
  events,
  forget,
  hedge,
  outgoing,
  retry,
  type Stage,
  systemClock,
  timeout,
  wrap,
} from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

const plain: Decorator = (work) => (call) => work(call)
const never = () => new Promise<never>(() => {})
const down = () => Promise.reject(new Error('down'))
const codeOf = (error: { code?: string }) => error.code ?? error

afterEach(() => {
  vi.useRealTimers()
  forget('regression')
})

describe('a pipeline', () => {
  it('goes on after a test replaced the timers and put them back', async () => {
    vi.useFakeTimers()
    const lost = [wrap(timeout(5_000)).attempt(never), wrap(timeout(50)).attempt(never)]
    vi.useRealTimers()

    const late = await Promise.all([150, 50, 60].map((ms) => wrap(timeout(ms)).attempt(never)))

    expect(late.map(({ ok }) => ok)).toEqual([false, false, false])
    expect(lost.length).toBe(2)
  })

  it.each([50, 150])('aborts in the context of its own call, after %d ms', async (ms) => {
    const storage = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const work = ({ signal }: Call) =>
      new Promise(() => signal.addEventListener('abort', () => seen.push(storage.getStore())))
    const ask = wrap(timeout(ms))

    const calls = ['anna', 'berta', 'carl'].map((name) => storage.run(name, () => ask.attempt(work)))
    await Promise.all(calls)
    await Promise.resolve()

    expect(seen).toEqual(['anna', 'berta', 'carl'])
  })

  it('counts attempts through a function of the user, and through a hedge', async () => {
    const clock = fakeClock()
    const seen: number[] = []
    const work = ({ attempt }: Call) => {
      seen.push(attempt)
      throw new Error('down')
    }
    const tries = retry({ clock, attempts: 3, backoff: { jitter: 'none' } })
    const asked = [wrap(tries, plain).attempt(work), wrap(tries, plain, plain).attempt(work)]
    await clock.advance(60_000)
    await Promise.all(asked)
    expect(seen.toSorted()).toEqual([1, 1, 2, 2, 3, 3])

    const raced: number[] = []
    const race = wrap(hedge({ delay: 10, clock }))(({ attempt }) => {
      raced.push(attempt)
      return attempt === 2 ? 'second' : never()
    })
    await clock.advance(10)
    expect([await race, raced]).toEqual(['second', [1, 2]])
  })

  it('does not call the work of a call that ended while it was entering', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const guard = breaker({ failures: 1, openFor: 100, clock })
    await wrap(guard).attempt(down)
    await clock.advance(100)
    guard.on(({ type }) => {
      if (type === 'breaker.half-opened') caller.abort('bye')
    })
    let called = false

    const outcome = await wrap(guard).attempt(() => (called = true), { signal: caller.signal })

    expect([outcome, called]).toEqual([{ ok: false, error: 'bye' }, false])
  })

  it('answers with a rejection, never a throw, for whatever a caller brings', async () => {
    const ask = wrap()
    const odd = [
      { signal: {} },
      { deadline: 10n },
      { deadline: '5' },
      { within: '5' },
      { within: 0 },
      { deadline: Date.now() },
    ]
    for (const options of odd)
      await expect(ask(() => 1, options as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' })

    await expect(wrap(retry(), breaker())(undefined as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      option: 'work',
    })
    expect(() => breaker(null as never)).toThrow(/breaker: options must be an object/)
    expect(() => timeout(5, null as never)).toThrow(/timeout: options must be an object/)
    expect(await ask(() => 1, { signal: null })).toBe(1)
  })

  it('allows a call so many ms from now', async () => {
    const clock = fakeClock(5_000)
    const ask = wrap(timeout(1_000, { clock }))
    const told = await ask(({ deadline }) => deadline, { within: 300 })
    const late = ask(never, { within: 300 }).catch(codeOf)
    await clock.advance(300)

    expect([told, await late, clock.pending]).toEqual([5_300, 'DEADLINE_PASSED', 0])
    expect(await ask(({ deadline }) => deadline, { within: 300, deadline: 5_400 })).toBe(5_400)
  })

  it('takes AbortSignal.timeout for a timeout, which speaks against the work', async () => {
    const guard = breaker({ failures: 1 })
    await wrap(guard).attempt(never, { signal: AbortSignal.timeout(5) })

    expect(guard.status()).toMatchObject({ is: 'open', counts: { failures: 1 } })
  })

  it('makes no circle of causes', async () => {
    const clock = fakeClock()
    const work = ({ signal }: Call) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('query failed', { cause: signal.reason }))),
      )
    const late = wrap(timeout(10, { clock, mode: 'cooperative' }))(work).catch((error) => error)
    await clock.advance(10)

    expect(await late).toMatchObject({ code: 'TIMEOUT' })
    expect(((await late) as Error).cause).toBeUndefined()
  })

  it('leaves every stage when one of them asks for nonsense', async () => {
    const limit = bulkhead({ limit: 1 })
    const odd = (stage: Partial<Stage>) => ({
      name: 'odd',
      enter: () => undefined,
      leave: () => undefined,
      ...stage,
    })
    const throws = odd({
      enter: () => ({
        hold() {
          throw new Error('no hold')
        },
      }),
    })
    const again = odd({ leave: () => ({ again: Number.NaN }) })
    let left = 0
    const once = odd({ leave: () => (left++ === 0 ? { again: Number.NaN } : undefined) })

    expect(await wrap(limit, throws).attempt(() => 1)).toMatchObject({
      ok: false,
      error: { message: 'no hold' },
    })
    expect(await wrap(limit, once).attempt(() => 1)).toMatchObject({
      ok: false,
      error: { code: 'OPTION_INVALID' },
    })
    expect([limit.status().inFlight, again.name]).toEqual([0, 'odd'])
  })

  it('drops what an asynchronous hook rejects with, and calls the next when one takes itself away', async () => {
    const unhandled: unknown[] = []
    const hear = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', hear)
    const called: string[] = []
    const stops = [
      outgoing(async () => {
        throw new Error('hook')
      }),
      outgoing(() => {
        called.push('once')
        stops[1]!()
      }),
      outgoing(() => void called.push('last')),
    ]
    await wrap()(({ headers }) => headers)
    await new Promise(setImmediate)
    for (const stop of stops) stop()
    process.off('unhandledRejection', hear)

    expect([called, unhandled]).toEqual([['once', 'last'], []])
  })

  it('holds no timer of a deadline that is over', async () => {
    vi.useFakeTimers()
    const work = Promise.withResolvers<void>()
    const deadline = (n: number) => systemClock.now() + 3_600_000 + n * 1_000
    const ask = wrap(plain)
    const calls = Array.from({ length: 50 }, (_, n) => ask(() => work.promise, { deadline: deadline(n) }))
    await vi.advanceTimersByTimeAsync(20)
    expect(vi.getTimerCount()).toBeGreaterThanOrEqual(50)
    work.resolve()
    await Promise.all(calls)

    expect(vi.getTimerCount()).toBeLessThanOrEqual(1)
  })
})

describe('a breaker', () => {
  it('learns nothing from calls that ended in a queue behind it', async () => {
    const clock = fakeClock()
    const guard = breaker({ failures: 1, clock })
    const limit = bulkhead({ limit: 1, queue: 10 })
    void wrap(limit).attempt(never)
    const ask = wrap(timeout(30, { clock }), guard, limit)
    const waits = ask.attempt(() => 'not called')
    const leaves = ask.attempt(() => 'not called', { deadline: 10 })
    await clock.advance(10)
    expect(await leaves).toMatchObject({ ok: false, error: { code: 'DEADLINE_PASSED' } })
    expect(guard.status()).toMatchObject({ is: 'closed', counts: { ignored: 1 } })
    await clock.advance(20)

    expect(await waits).toMatchObject({ ok: false, error: { code: 'TIMEOUT' } })
    expect(guard.status().counts).toMatchObject({ calls: 2, failures: 0, ignored: 2 })
  })

  it('may be asked when it said, though the time is looked at roughly', async () => {
    const guard = breaker({ failures: 1, openFor: 40 })
    const ask = wrap(guard)
    await ask.attempt(down)
    const busy = setInterval(() => void ask.attempt(() => 1), 1)
    const refused = (await ask.attempt(() => 1)) as { error: { retryAfter: number } }
    await new Promise<void>((resolve) => systemClock.after(refused.error.retryAfter, resolve))
    clearInterval(busy)

    expect(guard.status().retryAfter).toBe(0)
    expect((await ask.attempt(() => 'let in')).ok).toBe(true)
  })

  it('isolated as a whole is so again when it is restored, and not when it was closed', async () => {
    const saved = breaker({ perKey: true })
    saved.isolate()
    const restored = breaker({ perKey: true })
    restored.restore(JSON.parse(JSON.stringify(saved.save())))
    expect((await wrap(restored).attempt(() => 1, { key: 'new' })).ok).toBe(false)
    restored.restore({ is: 'closed' })

    expect((await wrap(restored).attempt(() => 1, { key: 'newer' })).ok).toBe(true)
    expect((await wrap(restored).attempt(() => 1, { key: 'new' })).ok).toBe(true)
  })

  it('does not forget a key that was isolated by hand, however many others fail', async () => {
    const guard = breaker({ perKey: true, maxKeys: 100, failures: 1 })
    guard.isolate('bad')
    for (let n = 0; n < 300; n++) await wrap(guard).attempt(down, { key: `${n}` })

    expect(guard.status('bad').is).toBe('isolated')
    expect(guard.status().keyCount).toBeLessThanOrEqual(101)
  })

  it('counts a call whose judge throws, and gives its place to who waits', async () => {
    const clock = fakeClock()
    let broken = false
    const isFailure = () => {
      if (broken) throw new Error('bug')
      return true
    }
    const guard = breaker({ failures: 1, openFor: 100, waiting: 1, isFailure, clock })
    const ask = wrap(guard)
    await ask.attempt(down)
    await clock.advance(100)
    const probe = Promise.withResolvers<never>()
    const probing = ask.attempt(() => probe.promise)
    const waits = ask.attempt(() => 'let in')
    broken = true
    probe.reject(new Error('down'))

    expect(await probing).toMatchObject({ error: { message: 'bug' } })
    expect(await waits).toEqual({ ok: true, value: 'let in' })
    const { calls, successes, failures, ignored } = guard.status().counts
    expect(calls).toBe(successes + failures + ignored)
  })

  it('tells its events in the order in which they happened, whoever makes the next one happen', async () => {
    const guard = breaker({ failures: 1 })
    guard.on(({ type }) => {
      if (type === 'breaker.opened') guard.reset()
    })
    const heard: string[] = []
    const stop = events.on(({ type }) => heard.push(type))
    await wrap(guard).attempt(down)
    stop()

    expect([heard, guard.status().is]).toEqual([['breaker.opened', 'breaker.closed'], 'closed'])
  })

  it('is not given the trip of another', async () => {
    const trip = (most: number) => {
      let failures = 0
      const gauge = () => ({
        timed: false,
        record: (failed: boolean) => failed && ++failures >= most,
        counts: () => ({ calls: 0, failures, slow: 0, inARow: 0, rate: 0, slowRate: 0 }),
        clear: () => {},
      })
      return { kind: 'mine', settings: {}, gauge }
    }
    breaker({ trip: trip(5) })
    const quick = breaker({ trip: trip(1) })
    await wrap(quick).attempt(down)

    expect(quick.status().is).toBe('open')
  })

  it('says of a refusal what was true of it, and shows it like any other', async () => {
    const guard = breaker({ failures: 1, openFor: 60_000 })
    await wrap(guard).attempt(down)
    const refused = await wrap(guard).attempt(() => 1)
    guard.isolate()

    expect(JSON.parse(JSON.stringify(refused))).toMatchObject({
      ok: false,
      error: { code: 'BREAKER_OPEN', message: expect.stringMatching(/may admit a call in/) },
    })
  })

  it('is open for an hour at most when a failure asks for a month', async () => {
    const guard = breaker({ failures: 1 })
    await wrap(guard).attempt(() =>
      Promise.reject(Object.assign(new Error('429'), { retryAfter: 30 * 86_400_000 })),
    )

    expect(guard.status().retryAfter).toBeLessThanOrEqual(3_600_000)
  })

  it('has its name’s first options, whatever was configured since', () => {
    const guard = breaker('regression', { failures: 3 })
    guard.configure({ failures: 7, openFor: undefined })

    expect(breaker('regression', { failures: 3 })).toBe(guard)
    expect(() => guard.configure({ perKey: true } as never)).toThrow(/cannot be changed/)
    expect(() => breaker({ maxKeys: 5 })).toThrow(/together with perKey/)
    expect(() => breaker({ openFor: '60000' as never })).toThrow(/breaker.openFor/)
    expect(() => timeout('5000' as never)).toThrow(/timeout: ms/)
    expect(() => timeout(5, { mod: 'cooperative' } as never)).toThrow(/timeout.mod/)
  })
})

describe('an error', () => {
  it('can be renamed, and holds its message when it is logged as JSON', () => {
    const error = new (class extends Error {})() as Error
    expect(error.name).toBe('Error')
    try {
      timeout(-1)
    } catch (thrown) {
      const own = thrown as Error
      expect(JSON.parse(JSON.stringify(own))).toMatchObject({ name: 'OptionError', message: own.message })
      own.name = 'Mine'
      expect(own.name).toBe('Mine')
    }
    expect.assertions(3)
  })
})
