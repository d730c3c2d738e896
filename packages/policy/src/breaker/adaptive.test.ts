import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, policyContract, seededRandom } from '../testing/index.ts'
import { type AdaptiveOptions, adaptive } from './adaptive.ts'
import { type BreakerEvent, breaker } from './breaker.ts'
import type { AdaptiveCounts } from './suspicion.ts'

const HOUR = 3_600_000

/** A gauge with a clock that calls move on, and what can be done with it. */
function gauge(options: AdaptiveOptions = {}) {
  let now = 0
  const made = adaptive(options).gauge({ now: () => now, after: () => () => {} })
  return {
    gauge: made,
    wait: (ms: number) => {
      now += ms
    },
    /** Calls, one in 50 ms; answers at which of them, from 1, it would first have opened. */
    calls(count: number, failed: (call: number) => boolean, ms = 100): number | undefined {
      for (let call = 1; call <= count; call++) {
        now += 50
        if (made.record(failed(call), ms)) return call
      }
      return undefined
    },
  }
}

const never = () => false
const always = () => true
const eachTenth = (call: number) => call % 10 === 0
const each200th = (call: number) => call % 200 === 100

/** One that has seen an hour of calls, of which one in 200 failed. */
function experienced(options: AdaptiveOptions = {}) {
  const made = gauge(options)
  expect(made.calls(72_000, each200th)).toBe(undefined)
  return made
}

describe('adaptive', () => {
  it('opens on five failures in a row where failures are rare', () => {
    expect(experienced().calls(100, always)).toBe(5)
    expect(experienced({ minimumFailures: 8 }).calls(100, always)).toBe(8)
    expect(experienced({ minimumFailures: 1 }).calls(100, always)).toBe(4)
  })

  it('opens on a tenth of the calls failing where one in 200 did, and not where a tenth always did', () => {
    const flaky = gauge()

    expect(experienced().calls(1_000, eachTenth)).toBeLessThan(400)
    expect(flaky.calls(100_000, eachTenth)).toBe(undefined)
    expect(flaky.calls(1_000, (call) => call % 2 === 0)).toBeLessThan(80)
  })

  it('spares a rise that is less than is worth opening for', () => {
    expect(experienced().calls(100_000, (call) => call % 40 === 0)).toBe(undefined)
    expect(experienced({ rise: 0.5 }).calls(100_000, (call) => call % 3 === 0)).toBe(undefined)
    expect(experienced({ rise: 0.5 }).calls(100_000, (call) => call % 3 !== 0)).toBeLessThan(100)
  })

  it('needs more before it knows anything: eleven failures in a row, or half of the calls for long', () => {
    expect(gauge().calls(100, always)).toBe(11)
    expect(gauge().calls(1_000, (call) => call % 2 === 0)).toBeLessThan(150)
    expect(gauge().calls(1_000, (call) => call % 4 === 0)).toBe(undefined)
  })

  it('asks for more where false trips are to be rarer', () => {
    const until = (callsPerFalseTrip: number) => experienced({ callsPerFalseTrip }).calls(1_000, eachTenth)!

    expect(until(1e9)).toBeGreaterThan(until(1e3) * 1.5)
  })

  it('opens on calls that succeed much more slowly than is usual, and not on three times as slow ones', () => {
    expect(experienced().calls(1_000, never, 1_000)).toBe(5)
    expect(experienced().calls(1_000, (call) => call > 900, 300)).toBe(905)
    expect(experienced().calls(1_000, never, 300)).toBe(undefined)
    expect(experienced({ latency: false }).calls(1_000, never, 1_000)).toBe(undefined)
    expect(gauge().calls(1_000, never, 60_000)).toBe(undefined)
  })

  it('spares a few slow calls among many', () => {
    const { gauge: made } = experienced()
    const opened = Array.from({ length: 10_000 }, (_, call) =>
      made.record(false, call % 6 === 0 ? 10_000 : 100),
    )

    expect(opened).not.toContain(true)
  })

  it('looks at no duration if slow calls are not to open it', () => {
    expect(gauge().gauge.timed).toBe(true)
    expect(gauge({ latency: false }).gauge.timed).toBe(false)
    expect(experienced({ latency: false }).gauge.counts().usual.slowAfter).toBe(Infinity)
    expect(experienced({ latency: false }).gauge.isSlow!(1e9)).toBe(false)
  })

  it('counts the calls since suspicion began (I2), and tells what is usual', () => {
    const { gauge: made, calls } = experienced()
    expect(made.counts()).toMatchObject({ calls: 0, failures: 0, slow: 0, inARow: 0, rate: 0, suspicion: 0 })

    calls(5, (call) => call < 4)
    made.record(false, 5_000)
    const counts = made.counts()

    expect(counts).toMatchObject({ calls: 6, failures: 3, slow: 1, inARow: 0, rate: 0.5, slowRate: 1 / 6 })
    expect(counts.suspicion).toBeGreaterThan(0)
    expect(counts.usual.rate).toBeCloseTo(0.0077, 3)
    expect(counts.usual.latency).toBeCloseTo(100)
    expect(counts.usual.slowAfter).toBeCloseTo(400, 0)
    calls(2, always)
    expect(made.counts().inARow).toBe(2)
    calls(1_000, never)
    expect(made.counts()).toMatchObject({ calls: 0, failures: 0, slow: 0, suspicion: 0 })
  })

  it('forgets the suspicion when the breaker has closed, and keeps what it learned (I3)', () => {
    const { gauge: made, calls } = experienced()
    const { usual } = made.counts()
    calls(5, always)
    made.clear()

    expect(made.counts()).toMatchObject({ calls: 0, failures: 0, inARow: 0, suspicion: 0, usual })
    expect(calls(100, always)).toBe(5)
  })

  it('does not learn an outage: afterwards it opens as soon as before', () => {
    const { gauge: made, calls, wait } = experienced()
    for (let minute = 0; minute < 10; minute++) {
      calls(400, eachTenth)
      made.clear()
      wait(40_000)
    }

    expect(made.counts().usual.rate).toBeLessThan(0.02)
    expect(calls(100, always)).toBe(5)
  })

  it('accepts a lasting change after some half-lives', () => {
    const { gauge: made, calls, wait } = experienced()
    let opened = 0
    const hour = () => {
      const before = opened
      for (let minute = 0; minute < 60; minute++) {
        if (calls(600, eachTenth) === undefined) continue
        opened++
        made.clear()
        wait(30_000)
      }
      return opened - before
    }
    const hours = Array.from({ length: 8 }, hour)

    expect(hours[0]).toBeGreaterThan(30)
    expect(hours.slice(4)).toEqual([0, 0, 0, 0])
  })

  it('finds fewer probes slow the longer it is open, and takes that for usual when it closes (I4)', () => {
    const { gauge: made, calls, wait } = experienced()
    calls(100, never, 5_000)
    expect(made.isSlow!(5_000)).toBe(true)

    wait(1.5 * HOUR)
    expect(made.isSlow!(5_000)).toBe(true)
    wait(0.5 * HOUR)
    expect(made.isSlow!(5_000)).toBe(false)
    made.clear()
    expect(made.isSlow!(5_000)).toBe(false)
    expect(calls(1_000, never, 5_000)).toBe(undefined)
  })

  it('does not take slower calls for usual because failures kept it open for long', () => {
    const { gauge: made, calls, wait } = experienced()
    const { usual } = made.counts()
    calls(5, always)
    wait(10 * HOUR)
    made.clear()

    expect(made.counts().usual).toEqual(usual)
  })

  it('keeps what it learned and suspects under other settings (I5), but not under another trip', () => {
    const { gauge: made, calls } = experienced()
    calls(3, always)
    const before = made.counts()
    const clock = fakeClock()

    expect(made.retune!(adaptive({ minimumFailures: 10, latency: false, halfLife: HOUR }).gauge(clock))).toBe(
      true,
    )
    expect(made.counts()).toMatchObject({ calls: 3, failures: 3, usual: before.usual })
    expect(made.timed).toBe(false)
    made.clear()
    expect(calls(100, always)).toBe(10)
    const other = { timed: false, record: never, counts: made.counts, clear: () => {} }
    expect(made.retune!(other)).toBe(false)
  })

  it('forgets slow calls when they are not to open it any more, and learns at the new pace (I5)', () => {
    const { gauge: made, calls } = experienced()
    const { usual } = made.counts()
    calls(3, never, 5_000)
    made.retune!(adaptive({ latency: false, halfLife: 100 * HOUR }).gauge(fakeClock()))
    expect(made.counts()).toMatchObject({ suspicion: 0, usual })

    calls(72_000, never)
    expect(made.counts().usual.rate).toBe(usual.rate)
  })

  it('finds no more probes slow when the clock has gone back', () => {
    const { gauge: made, calls, wait } = experienced()
    calls(5, always)
    wait(-HOUR)

    expect(made.isSlow!(350)).toBe(false)
    expect(made.isSlow!(450)).toBe(true)
  })

  it('has settings that tell two of it apart, and no others', () => {
    expect(adaptive().settings).toEqual(adaptive({ rise: 0.05 }).settings)
    expect(adaptive({ rise: 0.1 }).settings).not.toEqual(adaptive().settings)
    expect(adaptive().kind).toBe('adaptive')
  })

  it.each<[string, object]>([
    ['rise', { rise: 0 }],
    ['rise', { rise: 1 }],
    ['minimumFailures', { minimumFailures: 0 }],
    ['minimumFailures', { minimumFailures: 1.5 }],
    ['callsPerFalseTrip', { callsPerFalseTrip: 99 }],
    ['callsPerFalseTrip', { callsPerFalseTrip: Infinity }],
    ['halfLife', { halfLife: 0 }],
    ['halfLife', { halfLife: Number.NaN }],
    ['latency', { latency: 'no' }],
    ['sensitivity', { sensitivity: 3 }],
  ])('refuses %s in %o', (option, options) => {
    const refused = () => adaptive(options)

    expect(refused).toThrow(OptionError)
    expect(refused).toThrow(`adaptive.${option}`)
  })

  it('opens only on a failed or slow call, the fewest allowed or a later one, in any life (I1, I2)', () => {
    const call = fc.record({
      failed: fc.boolean(),
      ms: fc.oneof(fc.constantFrom(0, 100, 5_000, Infinity, Number.NaN, -1), fc.double({ min: 0, max: 1e6 })),
      wait: fc.oneof({ weight: 20, arbitrary: fc.nat(5_000) }, fc.constantFrom(-HOUR, 100 * HOUR, Infinity)),
      times: fc.integer({ min: 1, max: 30 }),
    })
    const property = fc.property(
      fc.array(call, { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      (life, minimumFailures, latency) => {
        const { gauge: made, wait } = gauge({ minimumFailures, latency, halfLife: 60_000 })
        for (const { failed, ms, wait: pause, times } of life) {
          for (let time = 0; time < times; time++) {
            wait(pause)
            const slow = latency && ms > made.counts().usual.slowAfter
            const opens = made.record(failed, ms)
            const counts = made.counts()
            if (opens) {
              expect(failed || slow, 'I1').toBe(true)
              expect(counts.failures + counts.slow, 'I1').toBeGreaterThanOrEqual(minimumFailures)
            }
            expect(counts.failures + counts.slow, 'I2').toBeLessThanOrEqual(counts.calls)
            if (counts.suspicion === 0) expect(counts.calls, 'I2').toBe(0)
            expect(counts.suspicion).toBeLessThanOrEqual(1)
            sound(counts)
            if (opens) made.clear()
          }
        }
      },
    )
    fc.assert(property, { seed: 1, numRuns: 100 })
  })

  it('never opens on successes within what is usual, in any order', () => {
    const times = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 300 })
    const property = fc.property(times, (each) => {
      const { gauge: made, wait } = gauge()
      let opened = 0
      for (let call = 0; call < 3_000; call++) {
        wait(100)
        if (made.record(false, 100 + each[call % each.length]!)) opened++
      }
      expect(opened).toBe(0)
    })
    fc.assert(property, { seed: 1, numRuns: 30 })
  })

  it('does not open in 300,000 calls that are as usual, whatever share of them fails and however fast they come', () => {
    for (const [failing, perSecond] of [
      [0, 20],
      [0.005, 20],
      [0.02, 0.3],
      [0.1, 1_000],
    ] as const) {
      const random = seededRandom(1)
      const { gauge: made, wait } = gauge()
      let opened = 0
      for (let call = 0; call < 300_000; call++) {
        wait(1_000 / perSecond)
        if (made.record(random() < failing, 50 + 100 * random())) opened++
      }
      expect([failing, opened]).toEqual([failing, 0])
    }
  })

  it('opens a breaker, slow probes keep it open, and the window is in its status', async () => {
    const clock = fakeClock()
    const guard = breaker({ trip: adaptive(), openFor: 1_000, clock })
    const ask = wrap(guard)
    const heard: BreakerEvent['type'][] = []
    guard.on(({ type }) => heard.push(type))
    const call = async (ms: number, fails = false) => {
      const done = ask(
        () =>
          new Promise<void>((resolve, reject) => {
            clock.after(ms, () => (fails ? reject(new Error('down')) : resolve()))
          }),
      ).catch(() => {})
      await clock.advance(ms)
      await done
    }
    for (let n = 0; n < 150; n++) await call(1_000)
    const window = () => guard.status().window as AdaptiveCounts
    expect(window().usual.latency).toBeCloseTo(1_000)

    for (let n = 0; n < 9; n++) await call(50, true)
    await clock.advance(1_000)
    await call(60_000)
    await clock.advance(1_000)
    await call(500)

    expect(heard.filter((type) => type !== 'breaker.rejected')).toEqual([
      'breaker.opened',
      'breaker.half-opened',
      'breaker.opened',
      'breaker.half-opened',
      'breaker.closed',
    ])
    expect(window()).toMatchObject({ failures: 0, suspicion: 0 })
  })
})

policyContract('breaker({ trip: adaptive() })', (clock) => breaker({ trip: adaptive(), clock }), {
  describe,
  it,
  expect,
})

function sound({ usual, suspicion, rate, slowRate }: AdaptiveCounts): void {
  for (const share of [usual.rate, suspicion, rate, slowRate]) {
    expect(share).toBeGreaterThanOrEqual(0)
    expect(share).toBeLessThanOrEqual(1)
  }
  expect(Number.isFinite(usual.latency)).toBe(true)
  expect(usual.slowAfter).toBeGreaterThan(0)
}
