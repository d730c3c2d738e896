import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../time/clock.ts'
import { type InFlightOptions, inFlight } from './in-flight.ts'
import type { InFlightAccount } from './in-flight-account.ts'

const open = (options: InFlightOptions = {}) => inFlight(options).open(systemClock) as InFlightAccount

describe('InFlightAccount', () => {
  it('allows three, and a fifth of the calls in flight if that is more', () => {
    const own = open()
    const took = Array.from({ length: 5 }, () => own.withdraw('retry'))
    expect(took).toEqual([true, true, true, false, false])
    for (let n = 0; n < 20; n++) own.begin(false)

    expect([own.withdraw('hedge'), own.withdraw('hedge')]).toEqual([true, false])
    expect(own.usage()).toEqual({
      family: 'in-flight',
      calls: 20,
      retries: 3,
      hedges: 1,
      refused: 3,
      allowed: 4,
      inFlight: 20,
      extra: 4,
    })
  })

  it('has room again when one is released, and less when calls end', () => {
    const own = open({ ratio: 0.07, minConcurrent: 0 })
    for (let n = 0; n < 100; n++) own.begin(false)
    const took = Array.from({ length: 8 }, () => own.withdraw('retry')).filter(Boolean)
    expect(took.length).toBe(7)
    own.release()
    expect([own.withdraw('retry'), own.withdraw('retry')]).toEqual([true, false])
    for (let n = 0; n < 100; n++) own.end()

    expect(own.usage()).toMatchObject({ inFlight: 0, allowed: 0, extra: 7 })
    expect(own.idle).toBe(false)
  })

  it('holds I1 and I2 over any sequence, across a reset', () => {
    const steps = fc.array(fc.constantFrom('begin', 'again', 'end', 'retry', 'hedge', 'release', 'reset'), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(steps, fc.nat(10), fc.nat(4), (sequence, tenths, minConcurrent) => {
        const own = open({ ratio: tenths / 10, minConcurrent })
        let inFlight = 0
        let extra = 0
        for (const step of sequence) {
          const allowed = Math.max(minConcurrent, Math.floor((tenths * inFlight) / 10))
          if (step === 'begin' || step === 'again') {
            own.begin(step === 'again')
            inFlight++
          } else if (step === 'end' && inFlight > 0) {
            own.end()
            inFlight--
          } else if (step === 'release' && extra > 0) {
            own.release()
            extra--
          } else if (step === 'retry' || step === 'hedge') {
            const taken = own.withdraw(step)
            expect(taken).toBe(extra < allowed)
            if (taken) extra++
          } else if (step === 'reset') {
            own.reset()
            expect(own.usage()).toMatchObject({ calls: 0, retries: 0, hedges: 0, refused: 0 })
          }
          expect(own.usage()).toMatchObject({ inFlight, extra })
          expect(own.idle).toBe(inFlight + extra === 0)
        }
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})

describe('inFlight', () => {
  it.each<[object, string]>([
    [{ minConcurrent: -1 }, 'inFlight.minConcurrent'],
    [{ ratio: Number.NaN }, 'inFlight.ratio'],
    [{ floor: 3 }, 'inFlight.floor'],
  ])('refuses %o', (options, option) => {
    expect(() => inFlight(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', option }))
  })
})
