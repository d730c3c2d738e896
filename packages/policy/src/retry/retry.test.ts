import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { budget } from '../budget/budget.ts'
import { inFlight } from '../budget/in-flight.ts'
import { BreakerOpenError, DeadlineError } from '../errors.ts'
import { events, type PolicyEvent } from '../events.ts'
import type { Stage } from '../pipeline/stage.ts'
import type { CallOptions } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, fakeRandom, policyContract } from '../testing/index.ts'
import { type RetryOptions, type RetryPreset, retry, retryPresets } from './retry.ts'
import { budgetErrorOf } from './withheld.ts'

/** Retries work that always fails with the given errors in turn, for a fake day. */
async function exhaust(options: RetryOptions, errors: unknown[] = [new Error('down')], call?: CallOptions) {
  const clock = fakeClock()
  const times: number[] = []
  const heard: PolicyEvent[] = []
  const off = events.on((event) => heard.push(event))
  const fail = () => {
    times.push(clock.now())
    throw errors[Math.min(times.length, errors.length) - 1]
  }
  const failed = wrap(retry({ clock, random: fakeRandom(0.5), ...options }))(fail, call).catch(
    (error) => error,
  )
  await clock.advance(86_400_000)
  off()
  return { error: await failed, times, heard, pending: clock.pending }
}

const steady = { initial: 1_000, max: 10_000, jitter: 'none' } as const

policyContract(
  'retry with a budget',
  (clock) => retry({ clock, budget: budget({ family: inFlight(), clock }) }),
  {
    describe,
    it,
    expect,
  },
)

describe('retry', () => {
  it.each<[RetryPreset, number[]]>([
    ['default', [0, 1_000, 3_000]],
    ['transient', [0, 500]],
    ['slowService', [0, 2_000, 6_000, 14_000, 30_000]],
    ['none', [0]],
  ])('keeps the schedule of preset %s', async (name, schedule) => {
    const preset = retryPresets[name]

    expect((await exhaust({ ...preset, backoff: { ...preset.backoff, jitter: 'none' } })).times).toEqual(
      schedule,
    )
    expect(retry(name).name).toBe('retry')
  })

  it('waits half as long on average, unless told not to jitter', async () => {
    expect((await exhaust({})).times).toEqual([0, 500, 1_500])
  })

  it('goes by the wait before with decorrelated jitter', async () => {
    expect((await exhaust({ attempts: 4, backoff: { jitter: 'decorrelated' } })).times).toEqual([
      0, 2_000, 5_500, 11_250,
    ])
  })

  it('gives up with the last error of the work, as it is', async () => {
    const errors = [new Error('first'), new Error('second'), new Error('third')]

    expect((await exhaust({}, errors)).error).toBe(errors[2])
  })

  it('tells its waits and how it ended', async () => {
    const error = new Error('down')
    const { heard } = await exhaust({ attempts: 2, backoff: steady, name: 'again' }, [error])

    expect(heard).toEqual([
      { type: 'retry.waited', policy: 'again', attempt: 1, delay: 1_000, error },
      { type: 'retry.gave-up', policy: 'again', attempts: 2, reason: 'attempts', error },
    ])
  })

  it.each([
    ['a refusal by a breaker', new BreakerOpenError('b', 5)],
    ['a deadline passed inside', new DeadlineError(5)],
    ['an error that says it is not retryable', Object.assign(new Error('400'), { retryable: false })],
  ])('does not retry %s', async (_, error) => {
    const { times, heard } = await exhaust({}, [error])

    expect(times).toEqual([0])
    expect(heard).toMatchObject([{ type: 'retry.gave-up', reason: 'not-retryable' }])
  })

  it('asks when, with the error and the attempt', async () => {
    const asked: unknown[] = []
    const when = (error: unknown, attempt: number) => asked.push([error, attempt]) < 2

    expect((await exhaust({ attempts: 9, when }, ['a', 'b'])).times.length).toBe(2)
    expect(asked).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  it('waits as long as the error asks, if that is longer', async () => {
    const busy = Object.assign(new Error('429'), { retryAfter: 4_000 })

    expect((await exhaust({ attempts: 2, backoff: steady }, [busy])).times).toEqual([0, 4_000])
    busy.retryAfter = 10
    expect((await exhaust({ attempts: 2, backoff: steady }, [busy])).times).toEqual([0, 1_000])
  })

  it('gives up at once if the error asks for more than the longest wait', async () => {
    const busy = Object.assign(new Error('429'), { retryAfter: 10_001 })
    const { times, heard, error } = await exhaust({ backoff: steady }, [busy])

    expect(times).toEqual([0])
    expect(heard).toMatchObject([{ reason: 'retry-after' }])
    expect(error).toBe(busy)
  })

  it.each([[Number.NaN], [-5], [Infinity], ['4000']])('disregards a retryAfter of %o', async (retryAfter) => {
    expect((await exhaust({ backoff: steady }, [{ retryAfter }])).times).toEqual([0, 1_000, 3_000])
  })

  it('gives up at once if the wait does not fit before the deadline', async () => {
    const { times, heard } = await exhaust({ backoff: steady }, ['down'], { deadline: 2_000 })

    expect(times).toEqual([0, 1_000])
    expect(heard.at(-1)).toMatchObject({ type: 'retry.gave-up', reason: 'deadline', error: 'down' })
  })

  it('waits by a function of the retry, the wait before and the failure', async () => {
    const asked: unknown[] = []
    const backoff = (n: number, previous: number, error: unknown) => {
      asked.push([n, previous, error])
      return 100 * (n + 1)
    }

    expect((await exhaust({ attempts: 4, backoff }, ['a', 'b', 'c'])).times).toEqual([0, 100, 300, 600])
    expect(asked).toEqual([
      [0, 0, 'a'],
      [1, 100, 'b'],
      [2, 200, 'c'],
    ])
  })

  it('waits by a list, which also says how many attempts there are', async () => {
    expect((await exhaust({ backoff: [5, 50, 500] })).times).toEqual([0, 5, 55, 555])
    expect((await exhaust({ backoff: [5, 50], attempts: 5 })).times).toEqual([0, 5, 55, 105, 155])
    expect((await exhaust({ backoff: [5, 50], attempts: 2 })).times).toEqual([0, 5])
    expect((await exhaust({ backoff: [] })).times).toEqual([0])
    expect((await exhaust({ backoff: [], attempts: 3 })).times).toEqual([0, 0, 0])
  })

  it('waits by what can be iterated, for all calls in turn, and as far as they need it', async () => {
    const clock = fakeClock()
    let given = 0
    function* fibonacci() {
      for (let [one, two] = [1, 1]; ; [one, two] = [two, one + two]) {
        given++
        yield one
      }
    }
    const ask = wrap(retry({ clock, attempts: 5, backoff: fibonacci() }))
    for (let call = 0; call < 2; call++) {
      const since = clock.now()
      const times: number[] = []
      const failed = ask(() => Promise.reject(times.push(clock.now() - since))).catch(() => {})
      await clock.advance(100)
      await failed
      expect(times).toEqual([0, 1, 2, 4, 7])
    }
    expect(given).toBe(4)
    expect((await exhaust({ backoff: new Set([7, 8]), attempts: 4 })).times).toEqual([0, 7, 15, 23])
  })

  it.each([[Number.NaN], [-1], [Infinity], ['5']])(
    'fails with an OptionError when it is to wait for %o',
    async (wait) => {
      const down = new Error('down')
      const { error } = await exhaust({ backoff: () => wait as number }, [down])

      expect(error).toMatchObject({ code: 'OPTION_INVALID', option: 'retry.backoff', cause: down })
      expect(() => retry({ backoff: [1, wait as number] })).toThrow(/retry.backoff must be numbers of ms/)
    },
  )

  it('gives up at once if the error asks for more than 10 s and the waits have no longest', async () => {
    const busy = Object.assign(new Error('429'), { retryAfter: 10_001 })

    expect((await exhaust({ backoff: () => 5 }, [busy])).heard).toMatchObject([{ reason: 'retry-after' }])
    expect((await exhaust({ backoff: [5] }, [busy])).heard).toMatchObject([{ reason: 'retry-after' }])
    expect((await exhaust({ backoff: [20_000] }, [busy])).times).toEqual([0, 20_000])
    busy.retryAfter = 10_000
    expect((await exhaust({ backoff: () => 5, attempts: 2 }, [busy])).times).toEqual([0, 10_000])
  })

  it('tells nothing of a wait for a caller who has left', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const own = budget({ clock })
    const left = wrap(retry({ clock, budget: own }))(() => new Promise(() => {}), {
      signal: caller.signal,
    }).catch((error) => error)
    caller.abort('enough')
    await left
    off()

    expect([await left, heard, own.status().retries]).toEqual(['enough', [], 0])
  })

  it('gives up if the wait would end with the deadline', async () => {
    expect((await exhaust({ backoff: [100] }, ['down'], { deadline: 100 })).heard).toMatchObject([
      { reason: 'deadline' },
    ])
    expect((await exhaust({ backoff: [100] }, ['down'], { deadline: 101 })).times).toEqual([0, 100])
  })

  it('can be told by error class', async () => {
    class Down extends Error {}
    const when = (error: unknown) => error instanceof Down

    expect((await exhaust({ backoff: steady, when }, [new Down(), new Error('bug')])).times).toEqual([
      0, 1_000,
    ])
  })

  it('fails with what `when` throws', async () => {
    const bug = new Error('bug in when')
    const when = () => {
      throw bug
    }

    expect(await exhaust({ when })).toMatchObject({ error: bug, times: [0], pending: 0 })
  })

  it('waits no longer than until its caller leaves, and tries no more', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    let calls = 0
    const left = wrap(retry({ clock, backoff: [1_000] }))(() => Promise.reject(++calls), {
      signal: caller.signal,
    }).catch((error) => error)
    await clock.advance(50)
    caller.abort('enough')

    expect(await left).toBe('enough')
    expect([calls, clock.now(), clock.pending]).toEqual([1, 50, 0])
  })

  it('does not ask a refusal what it says, unless it has to', async () => {
    let made = 0
    const door: Stage = {
      name: 'door',
      enter: () => ({ refuse: () => new BreakerOpenError('b', ++made) }),
      leave: () => undefined,
    }
    const outcome = await wrap(retry(), door).attempt(() => 'never')
    expect([outcome.ok, made]).toEqual([false, 0])
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    await wrap(retry(), door).attempt(() => 'never')
    off()
    expect(heard).toMatchObject([{ attempts: 1, reason: 'not-retryable', error: { code: 'BREAKER_OPEN' } }])
    const outcomes = await wrap(retry({ attempts: 3, backoff: [0], when: () => true }), door).attempt(() => 0)

    expect([outcomes.ok, made]).toEqual([false, 4])
  })

  it('tells after which attempt it was refused', async () => {
    const clock = fakeClock()
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const ask = wrap(retry({ clock, backoff: [1] }), breaker({ failures: 1, clock }))
    const failed = ask(() => Promise.reject('down')).catch((error) => error)
    await clock.advance(10)
    off()

    expect(await failed).toMatchObject({ code: 'BREAKER_OPEN' })
    expect(heard.at(-1)).toMatchObject({ type: 'retry.gave-up', attempts: 2, reason: 'not-retryable' })
  })

  it('keeps those apart that differ in one thing', async () => {
    const differing: RetryOptions[] = [
      { backoff: steady },
      { backoff: steady, attempts: 4 },
      { backoff: steady, when: () => false },
      { backoff: { ...steady, initial: 10 } },
      { backoff: { ...steady, max: 1_500 } },
      { backoff: { ...steady, factor: 3 } },
      { backoff: { ...steady, jitter: 'equal' } },
      { backoff: { ...steady, jitter: 'equal' }, random: () => 0 },
      { backoff: [3] },
      { backoff: steady },
    ]
    const clock = fakeClock()
    const random = () => 0.5
    const stages = differing.map((options) => {
      retry({ clock, random, backoff: { ...steady } })
      return retry({ clock, random, ...options })
    })
    const seen = stages.map(async (stage) => {
      const times: number[] = []
      await wrap(stage)(() => Promise.reject(times.push(clock.now()))).catch(() => {})
      return times
    })
    await clock.advance(60_000)

    expect(await Promise.all(seen)).toEqual([
      [0, 1_000, 3_000],
      [0, 1_000, 3_000, 7_000],
      [0],
      [0, 10, 30],
      [0, 1_000, 2_500],
      [0, 1_000, 4_000],
      [0, 750, 2_250],
      [0, 500, 1_500],
      [0, 3],
      [0, 1_000, 3_000],
    ])
  })

  it('does not follow options that are changed afterwards', async () => {
    const clock = fakeClock()
    const backoff = { ...steady, initial: 10 }
    const list = [10, 20]
    const stages = [retry({ clock, backoff: list }), retry({ clock, backoff })]
    backoff.initial = 500
    list[0] = 500
    stages.push(retry({ clock, backoff }))
    const seen = stages.map(async (stage) => {
      const times: number[] = []
      await wrap(stage)(() => Promise.reject(times.push(clock.now()))).catch(() => {})
      return times
    })
    await clock.advance(60_000)

    expect(await Promise.all(seen)).toEqual([
      [0, 10, 30],
      [0, 10, 30],
      [0, 500, 1_500],
    ])
  })

  it('starts afresh inside another', async () => {
    const clock = fakeClock()
    let calls = 0
    const inner = retry({ clock, attempts: 2, backoff: steady })
    const failed = wrap(
      retry({ clock, attempts: 3, backoff: steady }),
      inner,
    )(({ attempt }) => {
      expect(attempt).toBe(++calls)
      throw 'down'
    }).catch((error) => error)
    await clock.advance(60_000)

    expect([await failed, calls]).toEqual(['down', 6])
  })

  it.each([
    [{ attempts: 0 }, 'retry.attempts'],
    [{ attempts: 1.5 }, 'retry.attempts'],
    [{ budget: budget({ clock: fakeClock() }) }, 'retry.budget'],
    [{ backoff: { initial: 20_000 } }, 'backoff.max'],
    [{ backoff: { first: 5 } as never }, 'backoff.first'],
    [{ tries: 3 } as never, 'retry.tries'],
    [{ when: 5 as never }, 'retry.when'],
    ['transitory' as never, 'retry: preset'],
  ])('refuses %o', (options, option) => {
    expect(() => retry(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', option }))
    expect(budgetErrorOf('nothing')).toBe(undefined)
  })
})
