import { afterEach, describe, expect, it } from 'vitest'
import { BreakerOpenError, ConflictError, TimeoutError } from '../errors.ts'
import { events, type PolicyEvent } from '../events.ts'
import { fallback } from '../fallback/fallback.ts'
import { forget, status } from '../named/registry.ts'
import type { Stage } from '../pipeline/stage.ts'
import { type Decorator, wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { budgetErrorOf } from '../retry/withheld.ts'
import { fakeClock } from '../testing/index.ts'
import { budget } from './budget.ts'
import type { BudgetOptions } from './budget-settings.ts'
import type { BudgetUsage } from './budget-usage.ts'
import { inFlight } from './in-flight.ts'
import { retryTokens } from './retry-tokens.ts'

const atOnce = { initial: 0, max: 0 }
const door: Stage = {
  name: 'door',
  enter: () => ({ refuse: () => new BreakerOpenError('b', 5) }),
  leave: () => undefined,
}
const segment: Decorator = (work) => (call) => work(call)

afterEach(() => {
  forget('ai')
})

/** Why the last retry was not to be had, of work that only fails. */
async function complaint(options: BudgetOptions, operation?: string): Promise<string | undefined> {
  const clock = fakeClock()
  const own = budget('ai', { ...options, clock })
  const ask = wrap(retry({ clock, budget: own, attempts: 20, backoff: atOnce }))
  const failed = ask(() => Promise.reject(new Error('down')), { operation }).catch((error) => error)
  await clock.advance(1_000)
  return budgetErrorOf(await failed)?.message
}

describe('budget', () => {
  it('ends retries with the failure itself, which leads to the reason', async () => {
    const clock = fakeClock()
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const poor = budget('ai', { minPerSecond: 0, ratio: 0.5, window: 60_000, clock })
    const ask = wrap(retry({ clock, budget: poor, backoff: atOnce }))
    const error = new Error('down')
    const failed = ask(() => Promise.reject(error)).catch((reason) => reason)
    await clock.advance(1_000)
    off()

    expect(await failed).toBe(error)
    const reason = budgetErrorOf(error)
    expect(reason).toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      message: "budget 'ai': 1 of 1 retries used in the last 60 s",
    })
    expect(heard.slice(1)).toEqual([
      { type: 'budget.exhausted', policy: 'ai', error: reason },
      { type: 'retry.gave-up', policy: 'retry', attempts: 2, reason: 'budget', error },
    ])
  })

  it.each<[BudgetOptions, string]>([
    [{ window: 500 }, "budget 'ai': 6 of 6 retries used in the last 0.5 s"],
    [{ family: inFlight({ minConcurrent: 0 }) }, "budget 'ai': 0 of 0 retries in flight, beside 1 calls"],
    [{ family: retryTokens() }, "budget 'ai': 6 of 10 tokens left, and a failure must leave more than 5"],
    [{ window: 500, perOperation: true }, "budget 'ai' for 'chat': 6 of 6 retries used in the last 0.5 s"],
  ])('says of %o what is used', async (options, message) => {
    expect(await complaint(options, 'chat')).toBe(message)
  })

  it('counts each operation by itself, and all of them together', async () => {
    const clock = fakeClock()
    const own = budget('ai', { ratio: 0, minPerSecond: 0.2, perOperation: true, clock })
    const ask = wrap(retry({ clock, budget: own, attempts: 2, backoff: atOnce }))
    const work = () => Promise.reject('down')
    for (const operation of ['chat', 'chat', 'chat', 'embed', undefined]) {
      ask(work, { operation }).catch(() => {})
    }
    await clock.advance(1)
    const family = 'expiring'

    expect(status('budget')).toEqual([
      {
        name: 'ai',
        family,
        calls: 5,
        retries: 4,
        hedges: 0,
        refused: 1,
        allowed: 6,
        window: 10_000,
        operations: {
          chat: { family, calls: 3, retries: 2, hedges: 0, refused: 1, allowed: 2, window: 10_000 },
          embed: { family, calls: 1, retries: 1, hedges: 0, refused: 0, allowed: 2, window: 10_000 },
          '': { family, calls: 1, retries: 1, hedges: 0, refused: 0, allowed: 2, window: 10_000 },
        },
      },
    ])
    own.reset()
    expect(own.status()).toMatchObject({ calls: 0, operations: { chat: { calls: 0 } } })
  })

  it('keeps at most 100 operations', async () => {
    const own = budget({ perOperation: true })
    const ask = wrap(retry({ budget: own }))
    for (let n = 0; n < 300; n++) await ask(() => n, { operation: `id-${n}` })

    expect(Object.keys(own.status().operations!).length).toBe(100)
    expect(budget({ perOperation: true }).status()).toMatchObject({ calls: 0, allowed: 0, operations: {} })
  })

  it.each<[BudgetUsage['family'], BudgetOptions]>([
    ['expiring', {}],
    ['in-flight', { family: inFlight() }],
    ['tokens', { family: retryTokens() }],
  ])('of family %s counts a call once, in whatever depth it is met again', async (family, options) => {
    const clock = fakeClock()
    const own = budget({ ...options, clock })
    const once = retry({ clock, attempts: 1, budget: own })
    const seen: unknown[] = []
    const look = () => {
      seen.push(own.status())
      throw 'down'
    }
    const fail = (ask: ReturnType<typeof wrap>) => ask(look).catch(() => {})
    const inner = wrap(once)
    await fail(wrap(once, once))
    await fail(wrap(once, segment, once))
    await fail(wrap(segment, once, once, segment, once))
    await wrap(once)((call) => inner(look, call)).catch(() => {})
    await wrap(
      fallback((call) => inner(look, call)),
      once,
    )(look).catch(() => {})
    const all = own.status()

    expect(all).toMatchObject({ calls: 5, retries: 0 })
    if (family === 'tokens') expect(all).toMatchObject({ tokens: 4 })
    if (family === 'in-flight') {
      expect(seen.map((each) => (each as { inFlight: number }).inFlight)).toEqual([1, 1, 1, 1, 1, 1])
      expect(all).toMatchObject({ inFlight: 0, extra: 0 })
    }
  })

  it('counts a call once, however often an outer retry brings it back', async () => {
    const clock = fakeClock()
    const own = budget({ window: 60_000, clock })
    const outer = retry({ clock })
    const inner = retry({ clock, attempts: 1, budget: own })
    for (const ask of [wrap(outer, inner), wrap(outer, segment, inner)]) {
      const failed = ask(() => Promise.reject('down')).catch(() => {})
      await clock.advance(9_000)
      await failed
    }

    expect(own.status()).toMatchObject({ calls: 2, retries: 0 })
  })

  it.each<[BudgetOptions, number]>([
    [{ ratio: 0.2, minPerSecond: 0 }, 1_200],
    [{ family: inFlight({ ratio: 0.2, minConcurrent: 0 }) }, 1_200],
    [{ family: retryTokens() }, 1_004],
  ])('with %o keeps the load on a dead dependency within its share', async (options, most) => {
    const clock = fakeClock()
    const own = budget({ ...options, clock })
    const ask = wrap(retry({ clock, attempts: 2, budget: own, backoff: { initial: 1, max: 1 } }))
    let reached = 0
    const die = () => new Promise((_, reject) => clock.after(5, () => reject(++reached)))
    for (let n = 0; n < 1_000; n++) ask(die).catch(() => {})
    await clock.advance(100)

    expect(reached).toBe(most)
    expect(own.status()).toMatchObject({ calls: 1_000, retries: most - 1_000, refused: 2_000 - most })
  })

  it('counts a retry that waits as in flight', async () => {
    const clock = fakeClock()
    const own = budget({ family: inFlight({ minConcurrent: 1, ratio: 0 }), clock })
    const ask = wrap(retry({ clock, attempts: 2, budget: own, backoff: [1_000] }))
    let reached = 0
    const fail = () => Promise.reject(++reached)
    for (let n = 0; n < 10; n++) ask(fail).catch(() => {})
    await clock.advance(0)
    expect([reached, own.status()]).toMatchObject([10, { extra: 1, inFlight: 1, refused: 9 }])
    await clock.advance(1_000)

    expect([reached, own.status()]).toMatchObject([11, { extra: 0, inFlight: 0 }])
  })

  it('of tokens charges nothing for refusals, nor for callers who leave', async () => {
    const clock = fakeClock()
    const own = budget({ family: retryTokens(), clock })
    const ask = wrap(retry({ clock, budget: own }))
    const leaver = new AbortController()
    const left = ask(() => new Promise(() => {}), { signal: leaver.signal })
    leaver.abort('enough')
    await expect(left).rejects.toBe('enough')
    await expect(ask(() => Promise.reject(new BreakerOpenError('b', 5)))).rejects.toThrow()
    expect(own.status()).toMatchObject({ tokens: 10 })
    const late = ask(() => new Promise(() => {}), { deadline: 5 }).catch(() => {})
    await clock.advance(5)
    await late

    expect(own.status()).toMatchObject({ calls: 3, tokens: 9 })
  })

  it('of tokens charges nothing for a wait that is cut short, nor for retries of refusals', async () => {
    const clock = fakeClock()
    const own = budget({ family: retryTokens(), clock })
    const caller = new AbortController()
    const cut = wrap(retry({ clock, backoff: [1_000], budget: own }))
    const late = cut(() => Promise.reject('down'), { signal: caller.signal }).catch(() => {})
    await clock.advance(500)
    caller.abort(new TimeoutError('further out', 500))
    await late
    expect(own.status()).toMatchObject({ tokens: 9, retries: 1 })
    const refused = wrap(
      retry({ clock, backoff: [0, 0], when: () => true, budget: own }),
      door,
    )(() => 'never').catch(() => {})
    await clock.advance(10)
    await refused

    expect(own.status()).toMatchObject({ tokens: 9, retries: 3 })
  })

  it('of tokens gives something back for a retry that succeeds', async () => {
    const clock = fakeClock()
    const own = budget({ family: retryTokens(), clock })
    let calls = 0
    const answer = wrap(retry({ clock, backoff: [5], budget: own }))(() =>
      ++calls === 1 ? Promise.reject('down') : 'good',
    )
    await clock.advance(5)

    expect([await answer, own.status()]).toMatchObject(['good', { tokens: 9.1 }])
  })

  it('ends a call that is turned away', async () => {
    const own = budget({ family: inFlight() })
    const outcome = await wrap(retry({ budget: own }), door).attempt(() => 'never')

    expect([outcome.ok, own.status()]).toMatchObject([false, { calls: 1, inFlight: 0 }])
  })

  it('counts a call that is turned away before it comes, and then comes in another way', async () => {
    const own = budget()
    const inner = wrap(retry({ budget: own }))
    const ask = wrap(
      fallback((call) => inner(() => 'in another way', call)),
      door,
      retry({ budget: own }),
    )

    expect(await ask(() => 'never')).toBe('in another way')
    expect(own.status()).toMatchObject({ calls: 1 })
  })

  it('knows that a call which was brought back from further out is in flight again', async () => {
    const clock = fakeClock()
    const own = budget({ family: inFlight(), clock })
    const seen: unknown[] = []
    const ask = wrap(retry({ clock, backoff: [5] }), segment, retry({ clock, attempts: 1, budget: own }))
    const failed = ask(() => Promise.reject(seen.push(own.status()))).catch(() => {})
    await clock.advance(1)
    expect(own.status()).toMatchObject({ inFlight: 0 })
    await clock.advance(9)
    await failed

    expect(seen).toMatchObject([
      { inFlight: 1, calls: 1 },
      { inFlight: 1, calls: 1 },
    ])
  })

  it('is the same everywhere under one name, and a conflict with other options', () => {
    const first = budget('ai', { ratio: 0.1 })

    expect(budget('ai')).toBe(first)
    expect(budget('ai', { ratio: 0.1, window: 10_000 })).toBe(first)
    expect(() => budget('ai', { ratio: 0.3 })).toThrow(ConflictError)
    expect(() => budget('ai', { ratio: 0.3 })).toThrow(
      /\{ ratio: 0.1 \} and was asked for again with \{ ratio: 0.3 \}/,
    )
    expect(() => budget('ai', { family: retryTokens() })).toThrow(
      /family: expiring.* and was asked for again with \{ family: tokens/,
    )
    expect(status('budget')).toMatchObject([{ name: 'ai' }])
    expect([forget('ai'), forget('ai'), budget('ai') === first]).toEqual([true, false, false])
  })

  it.each<[object, string]>([
    [{ ratio: -1 }, 'budget.ratio'],
    [{ minPerSecond: Number.NaN }, 'budget.minPerSecond'],
    [{ window: 0 }, 'budget.window'],
    [{ family: 'leaky' }, 'budget.family'],
    [{ perOperation: 'yes' }, 'budget.perOperation'],
    [{ family: inFlight(), window: 5 }, 'budget.window'],
    [{ family: retryTokens(), ratio: 0.2 }, 'budget.ratio'],
    [{ family: null }, 'budget.family'],
  ])('refuses %o', (options, option) => {
    expect(() => budget(options as BudgetOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', option }),
    )
  })
})
