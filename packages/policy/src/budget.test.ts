import { afterEach, describe, expect, it } from 'vitest'
import { budget } from './budget.ts'
import { ConflictError } from './errors.ts'
import { events, type PolicyEvent } from './events.ts'
import { forget, status } from './registry.ts'
import { budgetErrorOf, retry } from './retry.ts'
import { fakeClock, seededRandom } from './testing/index.ts'
import { wrap } from './wrap.ts'

afterEach(() => {
  forget('ai')
})

describe('budget', () => {
  it('allows a share of the calls', () => {
    const own = budget({ ratio: 0.07, minPerSecond: 0, clock: fakeClock() })
    for (let n = 0; n < 100; n++) own.deposit()
    const taken = Array.from({ length: 10 }, () => own.withdraw()).filter(Boolean)

    expect(taken.length).toBe(7)
    expect(own.status()).toEqual({ name: 'budget', calls: 100, retries: 7, allowed: 7, window: 10_000 })
  })

  it('allows its minimum without any call', () => {
    const own = budget({ minPerSecond: 2, window: 5_000, clock: fakeClock() })

    expect(Array.from({ length: 20 }, () => own.withdraw()).filter(Boolean).length).toBe(10)
  })

  it('forgets after its window, also across a long idle time', async () => {
    const clock = fakeClock(123)
    const own = budget({ minPerSecond: 0, ratio: 1, window: 1_000, clock })
    own.deposit()
    own.withdraw()
    await clock.advance(800)
    expect(own.status()).toMatchObject({ calls: 1, retries: 1 })
    await clock.advance(200)
    expect(own.status()).toMatchObject({ calls: 0, retries: 0, allowed: 0 })
    own.deposit()
    await clock.advance(3_600_000)

    expect(own.status()).toMatchObject({ calls: 0, retries: 0 })
  })

  it('holds I1 to I3 over any sequence', async () => {
    const clock = fakeClock()
    const random = seededRandom(11)
    const own = budget({ minPerSecond: 1, ratio: 0.3, window: 1_000, clock })
    const log: { at: number; retry: boolean }[] = []
    for (let n = 0; n < 2_000; n++) {
      if (random() < 0.1) await clock.advance(Math.floor(random() * 400))
      const retry = random() < 0.5
      const before = own.status()
      const happened = retry ? own.withdraw() : own.deposit() === undefined
      if (retry) expect(happened).toBe(before.retries < before.allowed)
      if (happened) log.push({ at: clock.now(), retry })
      const since = (Math.floor(clock.now() / 100) - 9) * 100
      const recent = log.filter(({ at }) => at >= since)

      expect(own.status()).toMatchObject({
        calls: recent.filter(({ retry }) => !retry).length,
        retries: recent.filter(({ retry }) => retry).length,
      })
    }
  })

  it('ends retries with the failure itself, which leads to the reason', async () => {
    const clock = fakeClock()
    const heard: PolicyEvent[] = []
    const off = events.on((event) => heard.push(event))
    const poor = budget('ai', { minPerSecond: 0, ratio: 0.5, window: 60_000, clock })
    const ask = wrap(retry({ clock, budget: poor, backoff: { initial: 0, max: 0 } }))
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

  it('counts a call once, however often an outer retry brings it back', async () => {
    const clock = fakeClock()
    const own = budget({ clock })
    const failed = wrap(
      retry({ clock }),
      retry({ clock, attempts: 1, budget: own }),
    )(() => Promise.reject('down')).catch(() => {})
    await clock.advance(9_000)
    await failed

    expect(own.status()).toMatchObject({ calls: 1, retries: 0 })
  })

  it('keeps the load on a dead dependency within its share', async () => {
    const clock = fakeClock()
    const own = budget({ ratio: 0.2, minPerSecond: 0, clock })
    const ask = wrap(retry({ clock, attempts: 5, budget: own, backoff: { initial: 1, max: 1 } }))
    let reached = 0
    for (let n = 0; n < 1_000; n++) {
      ask(() => Promise.reject(++reached)).catch(() => {})
      if (n % 100 === 0) await clock.advance(1)
    }
    await clock.advance(100)

    expect(reached).toBe(1_200)
  })

  it('is the same everywhere under one name, and a conflict with other options', () => {
    const first = budget('ai', { ratio: 0.1 })

    expect(budget('ai')).toBe(first)
    expect(budget('ai', { ratio: 0.1, window: 10_000 })).toBe(first)
    expect(() => budget('ai', { ratio: 0.3 })).toThrow(ConflictError)
    expect(() => budget('ai', { ratio: 0.3 })).toThrow(
      /\{ ratio: 0.1 \} and was asked for again with \{ ratio: 0.3 \}/,
    )
    expect(status('budget')).toMatchObject([{ name: 'ai' }])
    expect([forget('ai'), forget('ai'), budget('ai') === first]).toEqual([true, false, false])
  })

  it.each([[{ ratio: -1 }], [{ minPerSecond: Number.NaN }], [{ window: 0 }]])('refuses %o', (options) => {
    expect(() => budget(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})
