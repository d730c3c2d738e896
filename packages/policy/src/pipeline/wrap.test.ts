import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { fallback } from '../fallback/fallback.ts'
import { hedge } from '../hedge/hedge.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import type { Call, Work } from './work.ts'
import { type Decorator, type Pipeline, wrap } from './wrap.ts'

const suite = { describe, it, expect }
const never = () => false
const plain: Decorator = (work) => (call) => work(call)

policyContract('nothing', () => wrap(), suite)
policyContract('retry', (clock) => retry({ clock }), suite)
policyContract('breaker', (clock) => breaker({ clock }), suite)
policyContract('timeout', (clock) => timeout(1_000, { clock }), suite)
policyContract('a cooperative timeout', (clock) => timeout(1_000, { clock, mode: 'cooperative' }), suite)
policyContract('fallback', () => fallback({ links: [() => 1], when: never }), suite)
policyContract("a user's function", () => plain, suite)
policyContract(
  'a pipeline of all',
  (clock) =>
    wrap(
      fallback({ links: [() => 1], when: never }),
      timeout(3_000_000, { clock }),
      retry({ clock }),
      plain,
      wrap(breaker({ clock, failures: 9 }), timeout(1_000, { clock })),
    ),
  suite,
)

describe('wrap', () => {
  it('puts the first policy outermost', async () => {
    const order: string[] = []
    const logged =
      (name: string): Decorator =>
      (work) =>
      async (call) => {
        order.push(`into ${name}`)
        const value = await work(call)
        order.push(`out of ${name}`)
        return value
      }

    await wrap(logged('a'), breaker(), logged('b'))(() => order.push('work'))

    expect(order).toEqual(['into a', 'into b', 'work', 'out of b', 'out of a'])
  })

  it('flattens pipelines', () => {
    const [a, b, c] = [retry(), breaker(), timeout(1)]

    expect(wrap(a, wrap(b, wrap(c))).policies).toEqual([a, b, c])
  })

  it('knows the types of what fallbacks answer', () => {
    const asks: Pipeline<string | null> = wrap(
      fallback(() => 'cached'),
      retry(),
      wrap(fallback(() => null)),
    )
    const sure: Pipeline = wrap(retry(), plain, breaker())
    const typed: (work: Work<number>) => Promise<number> = sure

    // @ts-expect-error a fallback's string may come out
    const wrong: (work: Work<number>) => Promise<number> = asks
    expect([typed, wrong]).toEqual([sure, asks])
  })

  it.each([[null], [42], [{}], ['retry']])('refuses what is no policy: %o', (policy) => {
    expect(() => wrap(policy as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('refuses policies on different clocks', () => {
    expect(() => wrap(retry({ clock: fakeClock() }), timeout(1))).toThrow(/2 clocks/)
    expect(() => wrap(retry({ clock: fakeClock() }), hedge({ delay: 1 }))).toThrow(/2 clocks/)
  })

  it('tells the work its attempt, its signal and the nearest deadline', async () => {
    const clock = fakeClock(1_000)
    const ask = wrap(timeout(500, { clock }), timeout(300, { clock }))
    const seen: Partial<Call>[] = []
    const look: Work<void> = ({ attempt, deadline, signal }) => void seen.push({ attempt, deadline, signal })

    await ask(look)
    await ask(look, { deadline: 1_200 })
    await wrap()(look)

    expect(seen.map(({ deadline }) => deadline)).toEqual([1_300, 1_200, Infinity])
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
    expect(seen.every(({ signal }) => signal instanceof AbortSignal && !signal.aborted)).toBe(true)
  })

  it('applies a user function anew to each attempt, and turns what it throws into a failure', async () => {
    const clock = fakeClock()
    let applied = 0
    const fragile: Decorator = (work) => {
      if (++applied < 3) throw new Error('not yet')
      return work
    }

    const value = wrap(retry({ clock }), fragile)(() => 'made it')
    await clock.advance(60_000)

    expect(await value).toBe('made it')
  })

  it('ends with the error that a stage throws on the way up', async () => {
    const bug = new Error('bug in when')
    const when = () => {
      throw bug
    }

    await expect(wrap(retry({ when }))(() => Promise.reject(1))).rejects.toBe(bug)
  })

  it('keeps a thousand calls at once apart, and leaves nothing behind', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const ask = wrap(retry({ clock }), breaker({ clock, failures: 2_000 }), timeout(1_000, { clock }))
    const flaky =
      (n: number): Work<number> =>
      ({ attempt }) =>
        attempt === 1 && n % 3 === 0 ? Promise.reject(new Error('first')) : Promise.resolve(n)

    const values = Array.from({ length: 1_000 }, (_, n) => ask(flaky(n), { signal: caller.signal }))
    await clock.advance(60_000)

    expect(await Promise.all(values)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    expect(clock.pending).toBe(0)
    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
  })
})
