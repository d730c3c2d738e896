import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { budget } from '../budget/budget.ts'
import { inFlight } from '../budget/in-flight.ts'
import { retryTokens } from '../budget/retry-tokens.ts'
import { HedgeLostError } from '../errors.ts'
import { events, type PolicyEvent } from '../events.ts'
import { forget, status } from '../named/registry.ts'
import type { Call, CallOptions } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock, policyContract, seededRandom } from '../testing/index.ts'
import type { Clock } from '../time/clock.ts'
import { timeout } from '../time/timeout.ts'
import { type HedgeOptions, hedge } from './hedge.ts'

policyContract('hedge', (clock) => hedge({ delay: 1_000, clock }), { describe, it, expect })
policyContract(
  'hedge by quantile',
  (clock) => hedge({ delay: { quantile: 0.9, max: 5 }, max: 3, budget: budget({ clock }), clock }),
  { describe, it, expect },
)

afterEach(() => {
  forget('h')
})

interface Attempt extends PromiseWithResolvers<unknown> {
  readonly call: Call
  readonly at: number
}

/** A call under a hedge, whose attempts answer when the test says so. */
function play(options: Partial<HedgeOptions> = {}, caller?: CallOptions) {
  const clock = fakeClock()
  const attempts: Attempt[] = []
  const policy = hedge({ delay: 100, clock, ...options })
  const answer = wrap(retry({ clock, attempts: 1 }), policy)((call) => {
    const attempt = { ...Promise.withResolvers<unknown>(), call, at: clock.now() }
    attempts.push(attempt)
    return attempt.promise
  }, caller)
  const settled = answer.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  const aborted = () => attempts.map(({ call }) => call.signal.aborted)
  return { clock, attempts, settled, aborted, policy }
}

describe('hedge', () => {
  it('starts nothing if the answer comes in time', async () => {
    const { clock, attempts, settled } = play()
    await clock.advance(99)
    attempts[0]!.resolve('fast')
    expect(await settled).toEqual({ value: 'fast' })
    await clock.advance(1_000)

    expect([attempts.length, clock.pending]).toEqual([1, 0])
  })

  it('starts the work again when the answer takes too long, and stops the slower one', async () => {
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const { clock, attempts, settled, aborted, policy } = play()
    await clock.advance(100)
    expect(attempts.map(({ at }) => at)).toEqual([0, 100])
    expect(aborted()).toEqual([false, false])
    attempts[1]!.resolve('second')
    expect(await settled).toEqual({ value: 'second' })
    off()

    expect(aborted()).toEqual([true, false])
    expect(attempts[0]!.call.signal.reason).toBeInstanceOf(HedgeLostError)
    expect(attempts[0]!.call.signal.reason).toMatchObject({ code: 'HEDGE_LOST' })
    expect(heard).toEqual([
      { type: 'hedge.started', policy: 'hedge', attempt: 2, reason: 'delay' },
      { type: 'hedge.won', policy: 'hedge', attempt: 2 },
    ])
    expect(policy.status()).toEqual({ name: 'hedge', calls: 1, hedges: 1, won: 1, refused: 0, delay: 100 })
    policy.reset()
    expect(policy.status()).toMatchObject({ calls: 0, hedges: 0, won: 0 })
  })

  it('lets the first attempt win as well, undefined included, and ignores what the others do later', async () => {
    const { clock, attempts, settled, aborted, policy } = play({ max: 2 })
    await clock.advance(1_000)
    expect(attempts.map(({ at }) => at)).toEqual([0, 100, 200])
    attempts[0]!.resolve(undefined)
    expect(await settled).toEqual({ value: undefined })
    attempts[1]!.reject(new Error('late'))
    attempts[2]!.resolve('late')
    await clock.advance(1_000)

    expect(aborted()).toEqual([false, true, true])
    expect(policy.status()).toMatchObject({ hedges: 2, won: 0 })
    expect(clock.pending).toBe(0)
  })

  it('starts the next attempt at once when one fails, and waits anew before another', async () => {
    const { clock, attempts, settled } = play({ max: 2 })
    await clock.advance(40)
    attempts[0]!.reject('first')
    await clock.advance(99)
    expect(attempts.map(({ at }) => at)).toEqual([0, 40])
    await clock.advance(1)
    expect(attempts.map(({ at }) => at)).toEqual([0, 40, 140])
    attempts[2]!.reject('third')
    await clock.advance(500)
    attempts[1]!.reject('second')

    expect(await settled).toEqual({ error: 'second' })
    expect([attempts.length, clock.pending]).toEqual([3, 0])
  })

  it('waits for the others after a failure that is not worth another attempt', async () => {
    const { clock, attempts, settled } = play({ max: 5 })
    await clock.advance(100)
    attempts[0]!.reject(Object.assign(new Error('400'), { retryable: false }))
    await clock.advance(5_000)
    expect([attempts.length, clock.pending]).toEqual([2, 0])
    attempts[1]!.resolve('good')

    expect(await settled).toEqual({ value: 'good' })
  })

  it('fails at once after such a failure if there are no others', async () => {
    const { clock, attempts, settled } = play({ when: (error) => error !== 'final' })
    await clock.advance(1)
    attempts[0]!.reject('final')

    expect(await settled).toEqual({ error: 'final' })
    expect(clock.pending).toBe(0)
  })

  it('fails with what `when` throws, and stops what goes on', async () => {
    const bug = new Error('bug in when')
    const own = budget({ family: retryTokens() })
    const { clock, attempts, settled, aborted } = play({
      when: () => {
        throw bug
      },
    })
    await clock.advance(100)
    attempts[0]!.reject('down')
    const when = () => {
      throw bug
    }
    await expect(wrap(hedge({ delay: 100, budget: own, when }))(() => Promise.reject('down'))).rejects.toBe(
      bug,
    )

    expect(own.status()).toMatchObject({ tokens: 9 })
    expect(await settled).toEqual({ error: bug })
    expect(aborted()).toEqual([false, true])
    expect(clock.pending).toBe(0)
  })

  it('takes work that throws, and thenables', async () => {
    const clock = fakeClock()
    let calls = 0
    const ask = hedge({ delay: 5, clock })(() => {
      if (++calls === 1) throw 'at once'
      // biome-ignore lint/suspicious/noThenProperty: it is what this is about
      return { then: (take: (value: string) => void) => take('thenable') } as unknown as string
    })

    expect(await ask({} as Call)).toBe('thenable')
    expect(clock.pending).toBe(0)
  })

  it.each([0, 50, 150])('stops everything when the caller leaves after %i ms', async (ms) => {
    const caller = new AbortController()
    const { clock, attempts, settled, aborted } = play({}, { signal: caller.signal })
    await clock.advance(ms)
    caller.abort('enough')

    expect(await settled).toEqual({ error: 'enough' })
    expect(aborted()).toEqual(attempts.map(() => true))
    await clock.advance(1_000)
    expect(attempts.length).toBe(ms > 100 ? 2 : 1)
    expect([clock.pending, getEventListeners(caller.signal, 'abort').length]).toEqual([0, 0])
    for (const attempt of attempts) attempt.reject('late')
  })

  it.each([1, 2])('leaves nothing behind when attempt %i itself makes the caller leave', async (leaving) => {
    const clock = fakeClock()
    const caller = new AbortController()
    const own = budget({ family: inFlight(), clock })
    let calls = 0
    const ask = wrap(retry({ clock, attempts: 1 }), hedge({ delay: 10, max: 3, budget: own, clock }))
    const left = ask(
      () => {
        if (++calls === leaving) caller.abort('enough')
        return new Promise(() => {})
      },
      { signal: caller.signal },
    ).catch((error) => error)
    await clock.advance(10 * (leaving - 1))

    expect([await left, calls, clock.pending]).toEqual(['enough', leaving, 0])
    expect(own.status()).toMatchObject({ inFlight: 0, extra: 0 })
  })

  it('releases once what it took, even if an attempt makes the caller leave when it is stopped', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const own = budget({ family: inFlight(), clock })
    const when = () => {
      throw 'bug in when'
    }
    let calls = 0
    const failed = hedge({ delay: 10, budget: own, when, clock })(({ signal }): Promise<never> => {
      signal.addEventListener('abort', () => caller.abort('enough'))
      return ++calls === 2
        ? new Promise(() => {})
        : new Promise((_, reject) => clock.after(15, () => reject('down')))
    })({ signal: caller.signal } as Call).then(null, (error: unknown) => error)
    await clock.advance(15)

    expect([await failed, caller.signal.aborted, clock.pending]).toEqual(['bug in when', true, 0])
    expect(own.status()).toMatchObject({ inFlight: 0, extra: 0, hedges: 1 })
  })

  it('ignores what the slower attempts say, even if they do not stop', async () => {
    const clock = fakeClock()
    const asked: unknown[] = []
    const caller = new AbortController()
    const works: PromiseWithResolvers<string>[] = []
    const policy = hedge({
      delay: 10,
      max: 2,
      clock,
      when(error) {
        return asked.push(error) > 0
      },
    })
    const answer = policy(() => {
      works.push(Promise.withResolvers())
      return works.at(-1)!.promise
    })({ signal: caller.signal, deadline: 500 } as Call)
    await clock.advance(20)
    works[0]!.resolve('first')
    expect(await answer).toBe('first')
    expect([clock.pending, getEventListeners(caller.signal, 'abort').length]).toEqual([0, 0])
    works[1]!.resolve('second')
    works[2]!.reject('third')
    await clock.advance(1)

    expect(policy.status()).toMatchObject({ calls: 1, hedges: 2, won: 0 })
    expect(asked).toEqual([])
  })

  it('starts one attempt, not two, when a failure and the delay come together', async () => {
    const timers: (() => void)[] = []
    const clock: Clock = {
      now: () => 0,
      after(_, fn) {
        timers.push(fn)
        return () => {}
      },
    }
    const works: PromiseWithResolvers<string>[] = []
    const answer = hedge({ delay: 10, max: 2, clock })(() => {
      works.push(Promise.withResolvers())
      return works.at(-1)!.promise
    })({} as Call)
    works[0]!.reject('down')
    timers[0]!()
    await new Promise(setImmediate)
    expect(works.length).toBe(2)
    works[1]!.resolve('good')

    expect(await answer).toBe('good')
  })

  it('starts nothing at or after the deadline', async () => {
    const { clock, attempts, settled } = play({}, { deadline: 100 })
    await clock.advance(1_000)

    expect(await settled).toMatchObject({ error: { code: 'DEADLINE_PASSED' } })
    expect([attempts.length, clock.pending]).toEqual([1, 0])
  })

  it('starts nothing once the deadline has passed, even if nobody has been told yet', async () => {
    let now = 0
    let calls = 0
    const clock = { now: () => now, after: () => () => {} }
    const ask = hedge({ delay: 5, clock })((): Promise<never> => {
      calls++
      now = 10
      return Promise.reject('slow failure')
    })

    await expect(ask({ deadline: 10 } as Call)).rejects.toBe('slow failure')
    expect(calls).toBe(1)
  })

  it('outside every pipeline settles when all attempts have stopped', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const works: PromiseWithResolvers<string>[] = []
    let settled = false
    const left = hedge({ delay: 10, clock })(() => {
      works.push(Promise.withResolvers())
      return works.at(-1)!.promise
    })({ signal: caller.signal } as Call) as Promise<string>
    const done = left.catch((error) => {
      settled = true
      return error
    })
    await clock.advance(10)
    caller.abort('enough')
    works[0]!.reject('stopped')
    await clock.advance(0)
    expect(settled).toBe(false)
    works[1]!.reject('stopped')

    expect(await done).toBe('enough')
  })

  it('does not call the work of a call that is over before it begins', async () => {
    const ask = hedge({ delay: 5 })(() => 'work')

    await expect(ask({ signal: AbortSignal.abort('left') } as Call)).rejects.toBe('left')
  })

  it('waits for work that goes on although it was told to stop, if timeouts are cooperative', async () => {
    const clock = fakeClock()
    const works: PromiseWithResolvers<string>[] = []
    const ask = wrap(timeout(150, { mode: 'cooperative', clock }), hedge({ delay: 100, clock }))
    const run = () =>
      ask(() => {
        works.push(Promise.withResolvers())
        return works.at(-1)!.promise
      }).catch((error) => error)
    const [one, two] = [run(), run()]
    await clock.advance(500)
    expect(works.length).toBe(4)
    works[0]!.reject('stopped')
    works[1]!.resolve('after all')
    works[2]!.reject('stopped')
    works[3]!.reject('stopped')

    expect([(await one).code, await two]).toEqual(['TIMEOUT', 'after all'])
    expect(clock.pending).toBe(0)
  })

  it('starts each attempt in the async context of its caller', async () => {
    const clock = fakeClock()
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const ask = wrap(hedge({ delay: 10, clock }))
    const answer = storage.run('the caller', () =>
      ask(() => (seen.push(storage.getStore()) === 1 ? new Promise(() => {}) : 'second')),
    )
    await storage.run('the clock', () => clock.advance(10))

    expect([await answer, ...seen]).toEqual(['second', 'the caller', 'the caller'])
  })

  it('hands on what the call says', async () => {
    const seen: unknown[] = []
    await wrap(hedge({ delay: 10 }))(
      ({ key, operation, priority, deadline }) => seen.push(key, operation, priority, deadline),
      { key: 'k', operation: 'o', priority: 3 },
    )

    expect(seen).toEqual(['k', 'o', 3, Infinity])
  })
})

describe('hedge by quantile', () => {
  const slow = (clock: ReturnType<typeof fakeClock>, ms: number) =>
    new Promise<void>((go) => clock.after(ms, go))

  it('starts none, or waits for the longest, until twenty answers are known', async () => {
    for (const [max, expected] of [
      [Infinity, undefined],
      [500, 500],
    ] as const) {
      const clock = fakeClock()
      const policy = hedge({ delay: { quantile: 0.9, max }, clock })
      const ask = wrap(policy)
      for (let n = 0; n < 19; n++) {
        const answer = ask(() => slow(clock, 100))
        await clock.advance(100)
        await answer
      }
      expect(policy.status().delay).toBe(expected)
      const last = ask(() => slow(clock, 1_000))
      expect(clock.pending).toBe(max === 500 ? 2 : 1)
      await clock.advance(1_000)
      await last

      expect(policy.status()).toMatchObject({ calls: 20, hedges: max === 500 ? 1 : 0 })
      expect(policy.status().delay).toBeCloseTo(102.4, 1)
      policy.reset()
      expect(policy.status().delay).toBe(expected)
    }
  })

  it('learns nothing from calls whose first attempt failed', async () => {
    const clock = fakeClock()
    const policy = hedge({ delay: { quantile: 0.9 }, clock })
    for (let n = 0; n < 30; n++) {
      let calls = 0
      await wrap(policy)(() => (++calls === 1 ? Promise.reject('down') : 'good'))
    }

    expect(policy.status()).toMatchObject({ won: 30, delay: undefined })
  })

  it('stays between min and max', async () => {
    const clock = fakeClock()
    const early = hedge({ delay: { quantile: 0.9, max: 50 }, clock })
    const late = hedge({ delay: { quantile: 0.9, min: 300 }, clock })
    for (let n = 0; n < 20; n++) {
      const answers = [wrap(early)(() => slow(clock, 100)), wrap(late)(() => slow(clock, 100))]
      await clock.advance(100)
      await Promise.all(answers)
    }

    expect([early.status().delay, late.status().delay]).toEqual([50, 300])
  })

  it('cuts the slow tail, and goes on hedging the same share of the calls', async () => {
    const clock = fakeClock()
    const random = seededRandom(5)
    const policy = hedge({ delay: { quantile: 0.9 }, clock })
    const ask = wrap(policy)
    const took: number[] = []
    for (let n = 0; n < 1_500; n++) {
      const since = clock.now()
      const answer = ask(() => slow(clock, random() < 0.05 ? 2_000 : 50 + 50 * random()))
      answer.then(() => took.push(clock.now() - since))
      await clock.advance(60)
      while (took.length <= n) await clock.advance(20)
    }
    took.sort((one, other) => one - other)
    const { hedges, calls, delay } = policy.status()

    expect(took[Math.floor(calls * 0.99)]).toBeLessThan(250)
    expect(hedges / calls).toBeGreaterThan(0.05)
    expect(hedges / calls).toBeLessThan(0.15)
    expect(delay).toBeGreaterThan(90)
  })
})

describe('hedge by name', () => {
  it('is the same everywhere, and a conflict with other options', () => {
    const policy = hedge('h', { delay: { quantile: 0.9 } })

    expect(hedge('h')).toBe(policy)
    expect(hedge('h', { delay: { quantile: 0.9 } })).toBe(policy)
    expect(() => hedge('h', { delay: 5 })).toThrow(expect.objectContaining({ code: 'NAME_CONFLICT' }))
    expect(status('hedge')).toEqual([
      { name: 'h', calls: 0, hedges: 0, won: 0, refused: 0, delay: undefined },
    ])
    expect(policy.name).toBe('h')
    expect(() => hedge('nobody')).toThrow(expect.objectContaining({ code: 'NAME_UNKNOWN' }))
  })

  it.each<[object, string]>([
    [{}, 'hedge.delay'],
    [{ delay: null }, 'hedge.delay'],
    [{ delay: -1 }, 'hedge.delay'],
    [{ delay: 5, max: 0 }, 'hedge.max'],
    [{ delay: 5, max: 1.5 }, 'hedge.max'],
    [{ delay: 5, when: true }, 'hedge.when'],
    [{ delay: 5, attempts: 2 }, 'hedge.attempts'],
    [{ delay: 5, budget: budget({ clock: fakeClock() }) }, 'hedge.budget'],
    [{ delay: { quantile: 1 } }, 'hedge.delay.quantile'],
    [{ delay: { quantile: 0.5, min: -1 } }, 'hedge.delay.min'],
    [{ delay: { quantile: 0.5, min: 5, max: 4 } }, 'hedge.delay.max'],
    [{ delay: { q: 0.5 } }, 'hedge.delay.q'],
  ])('refuses %o', (options, option) => {
    expect(() => hedge(options as HedgeOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', option }),
    )
  })
})
