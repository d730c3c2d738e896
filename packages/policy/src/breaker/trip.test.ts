import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '../testing/index.ts'
import { consecutive } from './consecutive.ts'
import { countWindow } from './count-window.ts'
import { timeWindow } from './time-window.ts'
import type { TripCounts } from './trip.ts'

interface Past {
  readonly at: number
  readonly failed: boolean
  readonly slow: boolean
}

/** What a window of these outcomes must say: the same, the slow way. */
function counted(window: readonly Past[], inARow: number): TripCounts {
  const calls = window.length
  const failures = window.filter(({ failed }) => failed).length
  const slow = window.filter((each) => each.slow).length
  return { calls, failures, slow, inARow, rate: calls && failures / calls, slowRate: calls && slow / calls }
}

const outcome = fc.record({
  failed: fc.boolean(),
  ms: fc.constantFrom(0, 10, 99, 100, 5_000),
  later: fc.nat(900),
})

describe('consecutive', () => {
  it('opens at the last of so many failures in a row', () => {
    const gauge = consecutive(3).gauge(fakeClock())
    const said = [true, true, false, true, true, true].map((failed) => gauge.record(failed, 0))

    expect(said).toEqual([false, false, false, false, false, true])
    expect(gauge.counts()).toMatchObject({ failures: 3, inARow: 3, rate: 1 })
  })

  it.each([0, 1.5, Number.NaN, -1])('refuses %d', (failures) => {
    expect(() => consecutive(failures)).toThrow(/a whole number from 1/)
  })
})

describe('countWindow', () => {
  it('counts what a list of the last calls would, and opens where the thresholds say (I1, I2)', () => {
    const settings = fc.record({
      calls: fc.integer({ min: 1, max: 40 }),
      failureRate: fc.constantFrom(0.1, 0.3, 0.5, 1),
      slowRate: fc.constantFrom(0.2, 0.7, 1),
    })
    fc.assert(
      fc.property(settings, fc.array(outcome, { maxLength: 120 }), (options, outcomes) => {
        const minimumCalls = Math.ceil(options.calls / 3)
        const gauge = countWindow({ ...options, minimumCalls, slowAfter: 100 }).gauge(fakeClock())
        const past: Past[] = []
        let row = 0
        for (const { failed, ms } of outcomes) {
          past.push({ at: 0, failed, slow: ms >= 100 })
          row = failed ? row + 1 : 0
          const opens = gauge.record(failed, ms)
          const window = counted(past.slice(-options.calls), row)
          const over = window.rate >= options.failureRate || window.slowRate >= options.slowRate
          expect(gauge.counts()).toEqual(window)
          expect(opens).toBe(window.calls >= minimumCalls && over && (failed || ms >= 100))
        }
        gauge.clear()
        expect(gauge.counts()).toEqual(counted([], 0))
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('looks at no clock unless calls can be slow', () => {
    const clock = fakeClock()

    expect([countWindow(), countWindow({ slowAfter: 1 })].map((trip) => trip.gauge(clock).timed)).toEqual([
      false,
      true,
    ])
  })

  it('leaves the decision to readyToTrip, from minimumCalls on, and does not open if that throws', () => {
    const asked: number[] = []
    const trip = countWindow({
      minimumCalls: 2,
      readyToTrip: ({ calls, failures }) => {
        asked.push(calls)
        if (calls === 3) throw new Error('bug')
        return failures > 3
      },
    })
    const gauge = trip.gauge(fakeClock())

    expect([1, 2, 3, 4].map(() => gauge.record(true, 0))).toEqual([false, false, false, true])
    expect(asked).toEqual([2, 3, 4])
  })

  it('needs no more calls than its window has', () => {
    expect(countWindow({ calls: 4 }).settings).toMatchObject({ minimumCalls: 4 })
  })

  it.each([
    [{ calls: 0 }, 'countWindow.calls'],
    [{ calls: 5, minimumCalls: 6 }, 'countWindow.minimumCalls'],
    [{ minimumCalls: 0 }, 'countWindow.minimumCalls'],
    [{ failureRate: 0 }, 'countWindow.failureRate'],
    [{ failureRate: 1.1 }, 'countWindow.failureRate'],
    [{ slowRate: 0.5 }, 'countWindow.slowRate'],
    [{ slowAfter: 1, slowRate: 2 }, 'countWindow.slowRate'],
    [{ slowAfter: 0 }, 'countWindow.slowAfter'],
    [{ failurerate: 0.5 }, 'countWindow.failurerate'],
  ])('refuses %o', (options, option) => {
    expect(() => countWindow(options as object)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', option }),
    )
  })
})

describe('timeWindow', () => {
  it('counts what a list of the last ms would, and forgets it however long nobody calls (I1, I2)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { maxLength: 80 }), fc.nat(30_000), async (outcomes, start) => {
        const clock = fakeClock(start)
        const gauge = timeWindow({ duration: 1_000, slowAfter: 100, minimumCalls: 3 }).gauge(clock)
        const past: Past[] = []
        let row = 0
        for (const { failed, ms, later } of outcomes) {
          past.push({ at: clock.now(), failed, slow: ms >= 100 })
          row = failed ? row + 1 : 0
          const opens = gauge.record(failed, ms)
          const first = (Math.floor(clock.now() / 100) - 9) * 100
          const window = counted(
            past.filter(({ at }) => at >= first),
            row,
          )
          expect(gauge.counts()).toEqual(window)
          const over = window.rate >= 0.5 || window.slowRate >= 0.5
          expect(opens).toBe(window.calls >= 3 && over && (failed || ms >= 100))
          await clock.advance(later)
        }
        await clock.advance(1_000)
        expect(gauge.counts()).toEqual(counted([], row))
      }),
      { seed: 1, numRuns: 60 },
    )
  })

  it('starts afresh when it is cleared', () => {
    const gauge = timeWindow({ minimumCalls: 1 }).gauge(fakeClock())
    gauge.record(true, 0)
    gauge.clear()

    expect(gauge.counts()).toEqual(counted([], 0))
    expect(gauge.record(true, 0)).toBe(true)
  })

  it.each([
    [{ duration: 0 }, 'timeWindow.duration'],
    [{ duration: Infinity }, 'timeWindow.duration'],
    [{ calls: 5 }, 'timeWindow.calls'],
  ])('refuses %o', (options, option) => {
    expect(() => timeWindow(options as object)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', option }),
    )
  })
})

describe('retune', () => {
  it('keeps what was counted if only thresholds change, and says so if it cannot', () => {
    const clock = fakeClock()
    const pairs = [
      [consecutive(5), consecutive(2), countWindow()],
      [countWindow({ minimumCalls: 5 }), countWindow({ minimumCalls: 2 }), countWindow({ calls: 9 })],
      [timeWindow({ minimumCalls: 5 }), timeWindow({ minimumCalls: 2 }), timeWindow({ duration: 1 })],
    ] as const
    for (const [before, after, other] of pairs) {
      const gauge = before.gauge(clock)
      gauge.record(true, 0)

      expect(gauge.retune!(other.gauge(clock))).toBe(false)
      expect(gauge.retune!(after.gauge(clock))).toBe(true)
      expect(gauge.record(true, 0), before.kind).toBe(true)
    }
  })
})
