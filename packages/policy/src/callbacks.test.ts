import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chaos } from './chaos/chaos.ts'
import { fallback } from './fallback/fallback.ts'
import { hedge } from './hedge/hedge.ts'
import { concurrencyLimit } from './limits/concurrency-limit.ts'
import { resilient } from './named/resilient.ts'
import { type Policy, wrap } from './pipeline/wrap.ts'
import { retry } from './retry/retry.ts'
import { cache } from './reuse/cache.ts'
import { coalesce } from './reuse/coalesce.ts'

const late = (async () => {
  throw new Error('nobody waits for me')
}) as () => never
const down = () => Promise.reject(new Error('down'))

const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)
const others = process.listeners('unhandledRejection')

beforeEach(() => {
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
})
afterEach(() => {
  process.removeListener('unhandledRejection', note)
  for (const other of others) process.on('unhandledRejection', other)
  unhandled.length = 0
})

/** A rejection that nobody handles is told when the microtasks are over. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe("a caller's function that answers with a promise", () => {
  it('as the tell of a fallback is waited for by nobody, and its failure is dropped', async () => {
    expect(await wrap(fallback({ links: [() => 'link'], tell: late }))(down)).toBe('link')
    await settled()

    expect(unhandled).toEqual([])
  })

  it.each<[string, Policy<unknown>, boolean]>([
    ['fallback.when', fallback({ links: [() => 1], when: late }), false],
    ['fallback.links: when', fallback({ name: 'a', do: () => 1, when: late }), false],
    ['cache.cacheable', cache({ ttl: 1, cacheable: late }), true],
    ['cache.sizeOf', cache({ ttl: 1, maxSize: 1, sizeOf: late }), true],
    ['cache.key', cache({ ttl: 1, key: late }), true],
    ['coalesce.key', coalesce({ key: late }), true],
    ['chaos.when', chaos({ rate: 1, when: late }), true],
    ['chaos.enabled', chaos({ rate: 1, enabled: late }), true],
    ['chaos.fault', chaos({ rate: 1, fault: late }), true],
    ['hedge.when', hedge({ delay: 1_000, when: late }), false],
    ['retry.when', retry({ when: late }), false],
    ['retry.backoff', retry({ backoff: late }), false],
    ['concurrencyLimit.isOverload', concurrencyLimit({ isOverload: late }), false],
  ])('as %s is refused, and its failure is dropped', async (option, policy, answers) => {
    const asked = wrap(policy)(answers ? () => 'answer' : down, { key: 'k' })

    await expect(asked).rejects.toMatchObject({ code: 'OPTION_INVALID', option })
    await settled()
    expect(unhandled).toEqual([])
  })

  it.each(['key', 'signal'])('as the %s of a resilient function is refused as well', async (option) => {
    await expect(resilient(() => 1, retry(), { [option]: late })()).rejects.toMatchObject({
      option: `resilient.${option}`,
    })
    await settled()

    expect(unhandled).toEqual([])
    expect(() => resilient(() => 1, retry(), { [option]: 'x' as never })).toThrow('must be a function')
  })

  it.each<[string, Policy<unknown>]>([
    ['behaviour', chaos({ rate: 1, behaviour: late })],
    ['outcome', chaos({ rate: 1, outcome: late })],
  ])('as the %s of chaos is waited for, also by a caller who leaves', async (_, policy) => {
    const caller = new AbortController()
    const waiting = wrap(policy)(() => 1, { signal: caller.signal })
    caller.abort('left')

    await expect(waiting).rejects.toBe('left')
    await settled()
    expect(unhandled).toEqual([])
    await expect(wrap(policy)(() => 1)).rejects.toThrow('nobody waits for me')
  })
})
