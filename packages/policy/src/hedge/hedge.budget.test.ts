import { afterEach, describe, expect, it } from 'vitest'
import { budget } from '../budget/budget.ts'
import { inFlight } from '../budget/in-flight.ts'
import { retryTokens } from '../budget/retry-tokens.ts'
import { RateLimitError } from '../errors.ts'
import { events, type PolicyEvent } from '../events.ts'
import { forget } from '../named/registry.ts'
import type { Call } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { budgetErrorOf } from '../retry/withheld.ts'
import { fakeClock } from '../testing/index.ts'
import { hedge } from './hedge.ts'

afterEach(() => {
  forget('h')
})

describe('hedge with a budget', () => {
  it('takes each hedge from it, and starts none when it is spent', async () => {
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const clock = fakeClock()
    const own = budget('h', { ratio: 0, minPerSecond: 0.1, clock })
    const policy = hedge({ delay: 10, max: 3, budget: own, clock })
    const error = new Error('down')
    const failed = wrap(policy)(async () => {
      await new Promise<void>((go) => clock.after(25, go))
      throw error
    }).catch((reason) => reason)
    await clock.advance(100)
    off()

    expect(await failed).toBe(error)
    expect(policy.status()).toMatchObject({ hedges: 1, refused: 1 })
    expect(own.status()).toMatchObject({ calls: 1, hedges: 1, refused: 1 })
    expect(heard).toMatchObject([
      { type: 'hedge.started' },
      {
        type: 'budget.exhausted',
        policy: 'h',
        error: { message: "budget 'h': 1 of 1 retries and hedges used in the last 10 s" },
      },
    ])
  })

  it('leads from the failure to the reason why it was final', async () => {
    const clock = fakeClock()
    const own = budget({ family: inFlight({ ratio: 0, minConcurrent: 0 }), clock })
    const error = new Error('down')
    const ask = wrap(hedge({ delay: 10, budget: own, clock }))

    await expect(ask(() => Promise.reject(error))).rejects.toBe(error)
    expect(budgetErrorOf(error)?.message).toBe("budget 'budget': 0 of 0 retries in flight, beside 1 calls")
    expect(own.status()).toMatchObject({ inFlight: 0, extra: 0 })
  })

  it('shares it with a retry around or inside it, and the call is one', async () => {
    const clock = fakeClock()
    const own = budget({ minPerSecond: 1, window: 60_000, clock })
    const again = retry({ clock, attempts: 3, backoff: [0], budget: own })
    const beside = hedge({ delay: 10, max: 2, budget: own, clock })
    for (const ask of [wrap(again, beside), wrap(beside, again)]) {
      own.reset()
      let reached = 0
      const failed = ask(() => Promise.reject(++reached)).catch(() => {})
      await clock.advance(1_000)
      await failed
      const { calls, retries, hedges } = own.status()

      expect([calls, reached]).toEqual([1, 9])
      expect(calls + retries + hedges).toBe(9)
    }
  })

  it.each([[(_: Call) => 'hedge around'], [undefined]])(
    'of tokens charges each attempt that fails, once',
    async (around) => {
      const clock = fakeClock()
      const own = budget({ family: retryTokens({ maxTokens: 100 }), clock })
      const again = retry({ clock, attempts: 3, backoff: [0], budget: own })
      const beside = hedge({ delay: 10, budget: own, clock })
      const ask = around === undefined ? wrap(again, beside) : wrap(beside, again)
      let reached = 0
      const failed = ask(() => Promise.reject(++reached)).catch(() => {})
      await clock.advance(100)
      await failed

      expect([reached, own.status()]).toMatchObject([6, { tokens: 94 }])
    },
  )

  it('of tokens charges nothing for a caller who leaves, and one for a deadline', async () => {
    const clock = fakeClock()
    const own = budget({ family: retryTokens(), clock })
    const ask = wrap(retry({ clock, attempts: 1 }), hedge({ delay: 10, budget: own, clock }))
    const caller = new AbortController()
    const left = ask(() => new Promise(() => {}), { signal: caller.signal }).catch(() => {})
    caller.abort()
    await left
    expect(own.status()).toMatchObject({ tokens: 10 })
    const late = ask(() => new Promise(() => {}), { deadline: 5 }).catch(() => {})
    await clock.advance(5)
    await late

    expect(own.status()).toMatchObject({ tokens: 9 })
  })

  it('counts a call once outside every pipeline as well', async () => {
    const own = budget()
    const inner = wrap(retry({ budget: own }))
    await hedge({ delay: 10, budget: own })((call) => inner(() => 'found', call))({} as Call)

    expect(own.status()).toMatchObject({ calls: 1 })
  })

  it('of tokens charges a failure that the call survives, and no refusal', async () => {
    const clock = fakeClock()
    const own = budget({ family: retryTokens(), clock })
    const full = new RateLimitError({ retryAfter: 5 } as never)
    const lagging = [
      [30, 'down'],
      [60, full],
      [90, 'answer'],
    ] as const
    let turn = 0
    const answer = wrap(hedge({ delay: 10, max: 2, budget: own, clock }))(async () => {
      const [ms, what] = lagging[turn++]!
      await new Promise<void>((go) => clock.after(ms, go))
      if (what !== 'answer') throw what
      return what
    })
    await clock.advance(1_000)

    expect(await answer).toBe('answer')
    expect(own.status()).toMatchObject({ tokens: 9.1, hedges: 2 })
  })
})
