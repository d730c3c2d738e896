import { describe, expect, it } from 'vitest'
import { budget } from './budget.ts'
import { BreakerOpenError, DeadlineError } from './errors.ts'
import { events, type PolicyEvent } from './events.ts'
import { type RetryOptions, type RetryPreset, retry, retryPresets } from './retry.ts'
import { fakeClock, fakeRandom } from './testing/index.ts'
import { budgetErrorOf } from './withheld.ts'
import type { CallOptions } from './work.ts'
import { wrap } from './wrap.ts'

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
    ['transitory' as never, 'retry: preset'],
  ])('refuses %o', (options, option) => {
    expect(() => retry(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', option }))
    expect(budgetErrorOf('nothing')).toBe(undefined)
  })
})
