import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { halfLife, paceAfter } from './pace.ts'
import { type CallOver, Pulse } from './pulse.ts'

/** A stream that came whole a second after it began, but for what is said otherwise. */
const over = (but: Partial<CallOver> = {}): CallOver => ({
  now: 1_000,
  ms: 1_000,
  spoke: false,
  whole: true,
  stream: true,
  output: undefined,
  ...but,
})

describe('paceAfter', () => {
  it('is the first, then a mean in which each counts for a fifth', () => {
    const first = paceAfter(undefined, 400, 0)

    expect(first).toEqual({ mean: 400, at: 0 })
    expect(paceAfter(first, 900, 0)).toEqual({ mean: 500, at: 0 })
  })

  it('forgets half in a half-life, so that what is long ago counts for nothing', () => {
    const long = paceAfter(undefined, 10_000, 0)

    expect(paceAfter(long, 0, halfLife).mean).toBe(5_000)
    expect(paceAfter(long, 100, 20 * halfLife).mean).toBeCloseTo(100, 0)
  })

  it('stays between what it was and what came', () => {
    const ms = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(ms, ms, ms, (was, came, now) => {
        const { mean } = paceAfter({ mean: was, at: 0 }, came, now)
        expect(mean).toBeGreaterThanOrEqual(Math.min(was, came) - 1e-6)
        expect(mean).toBeLessThanOrEqual(Math.max(was, came) + 1e-6)
      }),
    )
  })
})

describe('Pulse', () => {
  it('knows nothing before it was asked, of streams and of answers in one piece apart', () => {
    const pulse = new Pulse()
    expect([pulse.asked(true), pulse.pace(true), pulse.inFlight, pulse.failed]).toEqual([
      false,
      undefined,
      0,
      false,
    ])

    pulse.began(0, true)

    expect([pulse.asked(true), pulse.asked(false), pulse.inFlight]).toEqual([true, false, 1])
  })

  it('takes the pace of streams to their first content, and of others to the whole answer', () => {
    const pulse = new Pulse()
    pulse.began(0, true)
    pulse.spoke(300, 300)
    pulse.over(over({ spoke: true }))
    pulse.began(0, false)
    pulse.over(over({ stream: false }))

    expect([pulse.pace(true)?.mean, pulse.pace(false)?.mean]).toEqual([300, 1_000])
  })

  it('takes a stream without content for what it took in all', () => {
    const pulse = new Pulse()
    pulse.began(0, true)
    pulse.over(over())

    expect(pulse.pace(true)?.mean).toBe(1_000)
  })

  it('takes what came to nothing for worse, never for better, and not for the first (I2)', () => {
    const pulse = new Pulse()
    const came = (ms: number, whole: boolean) => {
      pulse.began(0, true)
      pulse.over(over({ ms, now: 0, whole }))
      return pulse.pace(true)?.mean
    }

    expect(came(5, false)).toBeUndefined()
    expect(came(1_000, true)).toBe(1_000)
    expect(came(5, false)).toBe(1_000)
    expect(came(6_000, false)).toBe(2_000)
  })

  it('is silent only while somebody waits, and from when it brought something last', () => {
    const pulse = new Pulse()
    expect(pulse.silence(500)).toBe(0)
    pulse.began(1_000, true)
    pulse.began(1_200, true)
    expect(pulse.silence(1_500)).toBe(500)
    pulse.spoke(1_600, 600)
    expect(pulse.silence(1_900)).toBe(300)
    pulse.spoke(2_000, 800)

    expect(pulse.silence(9_000)).toBe(0)
    expect(pulse.inFlight).toBe(2)
  })

  it('has failed until it has brought something again (I3)', () => {
    const pulse = new Pulse()
    pulse.hasFailed()
    pulse.began(0, true)
    pulse.over(over({ whole: false }))
    expect(pulse.failed).toBe(true)
    pulse.began(0, false)
    pulse.over(over({ stream: false }))

    expect(pulse.failed).toBe(false)
  })

  it('keeps the tokens of whole answers in the mean', () => {
    const pulse = new Pulse()
    for (const [output, whole] of [
      [100, true],
      [9_000, false],
      [200, true],
    ] as const) {
      pulse.began(0, false)
      pulse.over(over({ now: 0, stream: false, whole, output }))
    }

    expect(pulse.output).toBe(120)
  })

  it('counts what is in flight, however calls overlap (I1)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 60 }), (steps) => {
        const pulse = new Pulse()
        const calls: { spoke: boolean }[] = []
        for (const step of steps) {
          const call = calls.find((each) => !each.spoke)
          if (step === 0) calls.push({ spoke: false })
          if (step === 0) pulse.began(0, true)
          if (step === 1 && call) pulse.spoke(5, 5)
          if (step === 1 && call) call.spoke = true
          const last = step === 2 ? calls.shift() : undefined
          if (last) pulse.over(over({ spoke: last.spoke, whole: last.spoke }))
          expect(pulse.inFlight).toBe(calls.length)
          expect(pulse.silence(Number.MAX_SAFE_INTEGER) > 0).toBe(calls.some((each) => !each.spoke))
        }
      }),
    )
  })
})
