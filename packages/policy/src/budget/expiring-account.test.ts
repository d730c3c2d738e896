import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '../testing/index.ts'
import { systemClock } from '../time/clock.ts'
import { type ExpiringOptions, settle } from './budget-settings.ts'
import type { ExpiringAccount } from './expiring-account.ts'

const open = (options: ExpiringOptions) =>
  settle(options).family.open(options.clock ?? systemClock) as ExpiringAccount

function take(own: ExpiringAccount, times: number): number {
  return Array.from({ length: times }, () => own.withdraw('retry')).filter(Boolean).length
}

describe('ExpiringAccount', () => {
  it('allows a share of the calls', () => {
    const own = open({ ratio: 0.07, minPerSecond: 0, clock: fakeClock() })
    for (let n = 0; n < 100; n++) own.begin(false)

    expect(take(own, 10)).toBe(7)
    expect(own.usage()).toEqual({
      family: 'expiring',
      calls: 100,
      retries: 7,
      hedges: 0,
      refused: 3,
      allowed: 7,
      window: 10_000,
    })
  })

  it('allows its minimum without any call, to retries and hedges together', () => {
    const own = open({ minPerSecond: 2, window: 5_000, clock: fakeClock() })

    expect([own.withdraw('hedge'), take(own, 20)]).toEqual([true, 9])
    expect(own.usage()).toMatchObject({ retries: 9, hedges: 1, refused: 11 })
  })

  it('forgets after its window, also across a long idle time', async () => {
    const clock = fakeClock(123)
    const own = open({ minPerSecond: 0, ratio: 1, window: 1_000, clock })
    own.begin(false)
    own.withdraw('retry')
    await clock.advance(800)
    expect(own.usage()).toMatchObject({ calls: 1, retries: 1 })
    expect(own.idle).toBe(false)
    await clock.advance(200)
    expect(own.usage()).toMatchObject({ calls: 0, retries: 0, allowed: 0 })
    own.begin(false)
    await clock.advance(3_600_000)

    expect(own.usage()).toMatchObject({ calls: 0, retries: 0 })
    expect(own.idle).toBe(true)
  })

  it('is idle only when none of its counts is left', async () => {
    const clock = fakeClock(5_000)
    const own = open({ minPerSecond: 0, ratio: 0, window: 100, clock })
    expect(own.idle).toBe(true)
    own.withdraw('retry')
    expect([own.idle, own.usage().refused]).toEqual([false, 1])
    await clock.advance(100)
    expect(own.idle).toBe(true)
    const generous = open({ minPerSecond: 10, window: 100, clock })
    generous.withdraw('hedge')

    expect(generous.idle).toBe(false)
  })

  it('counts a call once that is brought back, and forgets everything when it is reset', () => {
    const own = open({ clock: fakeClock() })
    own.begin(false)
    own.begin(true)
    expect(own.usage()).toMatchObject({ calls: 1 })
    own.reset()

    expect(own.usage()).toMatchObject({ calls: 0, allowed: 100 })
  })

  it('counts on the system clock as well', () => {
    const own = open({ ratio: 1, minPerSecond: 0, window: 60_000 })
    own.begin(false)

    expect(take(own, 2)).toBe(1)
  })

  it('holds I1 to I4 over any sequence', () => {
    const steps = fc.array(fc.oneof(fc.constantFrom('call', 'retry', 'hedge', 'reset'), fc.nat(450)), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, (sequence) => {
        let now = 0
        const own = open({
          minPerSecond: 1,
          ratio: 0.3,
          window: 1_000,
          clock: { now: () => now, after: () => () => {} },
        })
        let log: { at: number; what: string }[] = []
        for (const step of sequence) {
          const { retries, hedges, allowed } = own.usage()
          if (typeof step === 'number') now += step
          else if (step === 'reset') {
            own.reset()
            log = []
          } else if (step === 'call') {
            own.begin(false)
            log.push({ at: now, what: 'call' })
          } else {
            const taken = own.withdraw(step as 'retry' | 'hedge')
            expect(taken).toBe(retries + hedges < allowed)
            log.push({ at: now, what: taken ? step : 'refused' })
          }
          const since = (Math.floor(now / 100) - 9) * 100
          const recent = (name: string) => log.filter(({ at, what }) => at >= since && what === name).length
          const calls = recent('call')
          expect(own.usage()).toMatchObject({
            calls,
            retries: recent('retry'),
            hedges: recent('hedge'),
            refused: recent('refused'),
            allowed: Math.ceil(1 + 0.3 * calls - 1e-9),
          })
        }
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
