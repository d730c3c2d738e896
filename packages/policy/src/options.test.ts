import { describe, expect, it } from 'vitest'
import { budget } from './budget/budget.ts'
import { inFlight } from './budget/in-flight.ts'
import { retryTokens } from './budget/retry-tokens.ts'
import { chaos } from './chaos/chaos.ts'
import { ConflictError, OptionError, RegistryFullError, UnknownNameError } from './errors.ts'
import { fallback } from './fallback/fallback.ts'
import { hedge } from './hedge/hedge.ts'
import { bulkhead } from './limits/bulkhead.ts'
import { concurrencyLimit } from './limits/concurrency-limit.ts'
import { rateLimit } from './limits/rate-limit.ts'
import { policy } from './named/policy.ts'
import { status } from './named/registry.ts'
import { resilient } from './named/resilient.ts'
import { statistics } from './named/statistics.ts'
import { atOnce } from './options.ts'
import { wrap } from './pipeline/wrap.ts'
import { retry } from './retry/retry.ts'
import { cache } from './reuse/cache.ts'
import { coalesce } from './reuse/coalesce.ts'

type Factory = (...given: never[]) => unknown

/** Each factory, with options that it takes. */
const factories: readonly (readonly [string, Factory, object])[] = [
  ['budget', budget, {}],
  ['bulkhead', bulkhead, { limit: 1 }],
  ['cache', cache, { ttl: 1 }],
  ['chaos', chaos, { rate: 1 }],
  ['coalesce', coalesce, {}],
  ['concurrencyLimit', concurrencyLimit, {}],
  ['fallback', fallback, { links: [() => 1] }],
  ['hedge', hedge, { delay: 1 }],
  ['inFlight', inFlight, {}],
  ['rateLimit', rateLimit, { limit: 1, per: 1 }],
  ['retry', retry, {}],
  ['retryTokens', retryTokens, {}],
  ['statistics', statistics, {}],
]

function refusal(make: Factory, ...given: unknown[]): unknown {
  try {
    make(...(given as never[]))
  } catch (error) {
    return error
  }
  return 'nothing was refused'
}

const families: Readonly<Record<string, readonly string[]>> = {
  budget: ['ratio', 'minPerSecond', 'window'],
  bulkhead: ['limit', 'queue', 'maxWait', 'maxKeys'],
  cache: ['ttl', 'staleWhileRevalidate', 'staleIfError', 'max', 'maxSize'],
  chaos: ['rate', 'seed', 'for', 'latency'],
  concurrencyLimit: ['initial', 'min', 'max', 'lowPriorityShare', 'queue', 'maxWait'],
  hedge: ['delay', 'max'],
  inFlight: ['ratio', 'minConcurrent'],
  rateLimit: ['limit', 'per', 'burst', 'queue', 'maxWait', 'maxKeys'],
  retry: ['attempts', 'backoff'],
  retryTokens: ['maxTokens', 'tokenRatio'],
}
const numbers = Object.entries(families).flatMap(([name, options]) => options.map((o) => [name, o] as const))

const callbacks: readonly (readonly [string, string])[] = [
  ...['sizeOf', 'key', 'cacheable', 'clock'].map((option) => ['cache', option] as const),
  ...['when', 'enabled', 'random', 'outcome', 'behaviour', 'clock'].map(
    (option) => ['chaos', option] as const,
  ),
  ...['isOverload', 'clock'].map((option) => ['concurrencyLimit', option] as const),
  ...['when', 'tell'].map((option) => ['fallback', option] as const),
  ...['when', 'clock', 'budget'].map((option) => ['hedge', option] as const),
  ...['when', 'clock', 'random', 'budget'].map((option) => ['retry', option] as const),
  ['coalesce', 'key'],
  ['bulkhead', 'clock'],
  ['rateLimit', 'clock'],
  ['budget', 'clock'],
]

const switches: readonly (readonly [string, string])[] = [
  ['bulkhead', 'perKey'],
  ['rateLimit', 'perKey'],
  ['rateLimit', 'heed'],
  ['statistics', 'durations'],
  ['budget', 'perOperation'],
]

/** What a factory says when one of its options is `value`. */
function refusalOf(name: string, option: string, value: unknown): unknown {
  const [, make, good] = factories.find(([each]) => each === name)!
  expect(refusal(make, good)).toBe('nothing was refused')
  const more =
    option === 'maxWait'
      ? { queue: 1 }
      : option === 'maxSize'
        ? { sizeOf: () => 1 }
        : option === 'sizeOf'
          ? { maxSize: 1 }
          : {}
  return refusal(make, { ...good, ...more, [option]: value })
}

describe('options', () => {
  it.each(numbers)('%s refuses a text as %s, since it would be added up as text', (name, option) => {
    const error = refusalOf(name, option, '1')

    expect(error).toBeInstanceOf(OptionError)
    expect(error).toMatchObject({ option: `${name}.${option}`, received: '1' })
  })

  it.each(callbacks)('%s refuses what is neither a function nor a clock as %s', (name, option) => {
    expect(refusalOf(name, option, {})).toMatchObject({ option: `${name}.${option}` })
    expect(refusalOf(name, option, 'x')).toMatchObject({ code: 'OPTION_INVALID' })
    expect(refusalOf(name, option, null)).toMatchObject({ code: 'OPTION_INVALID' })
  })

  it.each(switches)('%s refuses a text as %s', (name, option) => {
    expect(refusalOf(name, option, 'false')).toMatchObject({ option: `${name}.${option}` })
  })

  it.each(factories)('%s says what it takes when it is given something else', (name, make) => {
    for (const nonsense of [null, true, Symbol.iterator, 1n, ['x']]) {
      expect(refusal(make, nonsense)).toBeInstanceOf(OptionError)
    }
    if (!['inFlight', 'retryTokens', 'retry', 'statistics'].includes(name))
      expect(refusal(make, 'nonsense', null)).toBeInstanceOf(OptionError)
  })

  it.each([bulkhead, cache, chaos, hedge, rateLimit, fallback])('a missing one is refused', (make) => {
    expect(refusal(make as Factory)).toBeInstanceOf(OptionError)
  })

  it('are refused where nobody would look at them', () => {
    for (const [name, good] of [
      ['bulkhead', {}],
      ['rateLimit', {}],
      ['concurrencyLimit', {}],
    ] as const) {
      const [, make, least] = factories.find(([each]) => each === name)!

      expect(refusal(make, { ...least, ...good, maxWait: 10 })).toMatchObject({
        message: `${name}.maxWait must be left out, or given together with queue: without one nobody waits, not 10`,
      })
      expect(refusal(make, { ...least, queue: 0, maxWait: 10 })).toBe('nothing was refused')
    }
  })

  it('of a retry say which waits there may be', () => {
    expect(() => retry({ backoff: 100 as never })).toThrow(
      'retry.backoff must be { initial, max, factor, jitter } in ms, a function that answers with ms, or a list of ms, not 100',
    )
    expect(() => retry({ backoff: { initial: '5' as never } })).toThrow(OptionError)
    expect(() => hedge({ delay: { quantile: '0.5' as never } })).toThrow(OptionError)
  })

  it('of policies made from others are checked as well', () => {
    expect(() => policy('x', { bulkhead: 5 } as never)).toThrow(OptionError)
    expect(() => resilient(() => 1, retry(), null as never)).toThrow(OptionError)
    expect(status('policy')).toEqual([])
  })
})

describe('atOnce', () => {
  it('lets an answer through, and refuses a promise whose failure it drops', () => {
    expect(atOnce('x', 0)).toBe(0)
    expect(() => atOnce('x.y', Promise.reject(new Error('nobody waits for me')))).toThrow(
      'x.y must be a function that answers at once, not',
    )
  })
})

describe('retry', () => {
  it.each([
    new OptionError('x', 1, 'y'),
    new UnknownNameError('breaker', 'x', []),
    new ConflictError('breaker', 'x', 'a: 1', 'a: 2'),
    new RegistryFullError('breaker', 'x', 1),
  ])('does not try a mistake of the caller again: $code', async (error) => {
    let calls = 0
    const asked = wrap(retry({ backoff: { initial: 0 } }))(() => {
      calls++
      throw error
    })

    await expect(asked).rejects.toBe(error)
    expect(calls).toBe(1)
  })
})
