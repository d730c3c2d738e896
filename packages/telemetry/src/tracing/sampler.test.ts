import { describe, expect, it } from 'vitest'
import { sampler } from './sampler.ts'

describe('sampler', () => {
  it('takes the share that it is told', () => {
    const chances = [0.05, 0.5, 0.09, 0.1]
    const lucky = sampler(0.1, { clock: { now: () => 0 }, random: () => chances.shift()! })
    expect([lucky(), lucky(), lucky(), lucky()]).toEqual([true, false, true, false])
  })

  it('takes all while they are few, and no more a second than it is told', () => {
    let now = 0
    const lucky = sampler({ perSecond: 10 }, { clock: { now: () => now }, random: Math.random })
    const second = (traces: number): number => {
      let taken = 0
      for (let nth = 0; nth < traces; nth++) {
        now += 1_000 / traces
        if (lucky()) taken++
      }
      return taken
    }
    expect(second(10)).toBe(10)
    expect(second(1_000)).toBeLessThanOrEqual(20) // what was left for a burst, and one second's
    expect(second(1_000)).toBe(10)
    expect(second(5)).toBe(5)
  })

  it('takes one in two seconds of half a trace a second', () => {
    let now = 0
    const lucky = sampler({ perSecond: 0.5 }, { clock: { now: () => now }, random: Math.random })
    const taken = [0, 500, 1_000, 1_500, 2_000, 2_500].map((at) => {
      now = at
      return lucky()
    })
    expect(taken).toEqual([true, false, false, false, true, false])
  })

  it('is not confused by a clock that goes backwards', () => {
    let now = 1_000
    const lucky = sampler({ perSecond: 1 }, { clock: { now: () => now }, random: Math.random })
    expect(lucky()).toBe(true)
    now = 0
    expect(lucky()).toBe(false)
    now = 1_000
    expect(lucky()).toBe(true)
  })
})
