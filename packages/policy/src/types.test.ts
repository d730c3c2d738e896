import { describe, expect, expectTypeOf, it } from 'vitest'
import { budget } from './budget/budget.ts'
import { inFlight } from './budget/in-flight.ts'
import { retryTokens } from './budget/retry-tokens.ts'
import { chaos } from './chaos/chaos.ts'
import { type FallbackOptions, fallback } from './fallback/fallback.ts'
import type { Fallback } from './fallback/fallback-chain.ts'
import { hedge } from './hedge/hedge.ts'
import { bulkhead } from './limits/bulkhead.ts'
import { concurrencyLimit } from './limits/concurrency-limit.ts'
import { rateLimit } from './limits/rate-limit.ts'
import { forget } from './named/registry.ts'
import { resilient } from './named/resilient.ts'
import { statistics } from './named/statistics.ts'
import type { Call } from './pipeline/work.ts'
import { wrap } from './pipeline/wrap.ts'
import { retry } from './retry/retry.ts'
import { cache } from './reuse/cache.ts'
import { coalesce } from './reuse/coalesce.ts'
import { timeout } from './time/timeout.ts'

const load = async (id: string, n: number) => ({ id, n })

describe('the types of resilient', () => {
  it('let a function with a default be called, without and with the call', async () => {
    const plain = resilient((id: string, n = 3) => load(id, n), timeout(1_000))
    const called = resilient((_: Call, id: string, n = 3) => load(id, n), timeout(1_000), { withCall: true })
    const keyed = resilient((id: string, n = 3) => load(id, n), timeout(1_000), { key: (id) => id })

    expectTypeOf(plain).parameters.toEqualTypeOf<[id: string, n?: number | undefined]>()
    expectTypeOf(called).parameters.toEqualTypeOf<[id: string, n?: number | undefined]>()
    expect(await plain('1')).toEqual({ id: '1', n: 3 })
    expect(await called('1', 4)).toEqual({ id: '1', n: 4 })
    expect(await keyed('1')).toEqual({ id: '1', n: 3 })
    // @ts-expect-error a text is no number
    await plain('1', '4')
  })

  it('keep a this that the function asks for', async () => {
    const named = resilient(function (this: { prefix: string }, id: string) {
      return this.prefix + id
    }, timeout(1_000))

    expect(await named.call({ prefix: 'no. ' }, '7')).toBe('no. 7')
    // @ts-expect-error there is nothing to take the prefix from
    await expect(named('7')).rejects.toThrow(TypeError)
  })
})

describe('the types of fallback', () => {
  it('are those of all its links, however they answer', async () => {
    const mixed = fallback(
      () => 1,
      async () => 'x',
      { name: 'none', do: (call, error) => (call.attempt > 1 ? error : null) },
    )
    const chain = fallback({ links: [() => 1, async () => 'x'], when: (error) => error !== 1 })
    const named = fallback('typed', { links: [async (call) => call.attempt, () => 'x'] })
    forget('typed')

    expectTypeOf(
      fallback(
        () => 1,
        async () => 'x',
      ),
    ).toEqualTypeOf<Fallback<number | string>>()
    expectTypeOf(chain).toEqualTypeOf<Fallback<number | string>>()
    expectTypeOf(named).toEqualTypeOf<Fallback<number | string>>()
    expectTypeOf(mixed).toEqualTypeOf<Fallback<unknown>>()
    expect(await wrap(chain)(() => Promise.reject(new Error('down')))).toBe(1)
    expectTypeOf(wrap(chain)(() => true)).toEqualTypeOf<Promise<boolean | number | string>>()
  })

  it('are known of links in a list, and of options that are typed already', () => {
    const list: (() => Promise<string>)[] = [async () => 'x']
    const options: FallbackOptions<string> = { links: list, name: undefined, tell: undefined }

    expectTypeOf(fallback(...list)).toEqualTypeOf<Fallback<string>>()
    expectTypeOf(fallback(options)).toEqualTypeOf<Fallback<string>>()
    // @ts-expect-error a number is no link
    expect(() => fallback(5)).toThrow()
  })
})

describe('the types of options', () => {
  it('let each of them be undefined, which is as if it were left out', () => {
    const undefineds = <const N extends string>(...names: N[]) =>
      Object.fromEntries(names.map((name) => [name, undefined])) as Record<N, undefined>
    const policies = [
      retry(undefineds('attempts', 'backoff', 'budget', 'when', 'name', 'clock', 'random')),
      retry({ backoff: undefineds('initial', 'max', 'factor', 'jitter') }),
      hedge({ delay: 1, ...undefineds('max', 'budget', 'when', 'clock') }),
      hedge({ delay: { quantile: 0.9, ...undefineds('min', 'max') } }),
      bulkhead({ limit: 1, ...undefineds('queue', 'maxWait', 'perKey', 'maxKeys', 'clock') }),
      rateLimit({
        ...{ limit: 1, per: 1 },
        ...undefineds('algorithm', 'burst', 'queue', 'maxWait', 'perKey', 'maxKeys', 'heed', 'clock'),
      }),
      concurrencyLimit(
        undefineds('initial', 'min', 'max', 'lowPriorityShare', 'queue', 'maxWait', 'isOverload', 'clock'),
      ),
      cache({
        ttl: 1,
        ...undefineds(
          'staleWhileRevalidate',
          'staleIfError',
          'max',
          'maxSize',
          'sizeOf',
          'key',
          'cacheable',
          'clock',
        ),
      }),
      coalesce(undefineds('key')),
      chaos({
        rate: 1,
        ...undefineds(
          'seed',
          'random',
          'for',
          'when',
          'enabled',
          'clock',
          'fault',
          'latency',
          'outcome',
          'behaviour',
        ),
      }),
      fallback({ links: [() => 1], ...undefineds('when', 'tell', 'name') }),
      statistics(undefineds('durations', 'name')),
    ]
    budget(undefineds('ratio', 'minPerSecond', 'window', 'family', 'perOperation', 'clock'))
    inFlight(undefineds('ratio', 'minConcurrent'))
    retryTokens(undefineds('maxTokens', 'tokenRatio'))

    expect(wrap(...policies).policies).toEqual(policies)
    // @ts-expect-error but null is not
    expect(() => retry({ attempts: null })).toThrow()
  })
})
