import { describe, expect, it } from 'vitest'
import { type Autoscale, scalingRules } from './autoscale.ts'
import type { Load } from './load.ts'
import { type ScalingState, scaling, unscaled } from './scaling.ts'

const second = 1_000
const rules = (said: Partial<Autoscale> = {}) =>
  scalingRules('a', { max: 10, cpu: 0.5, downAfter: 60 * second, coolDown: 10 * second, ...said })

/** A service whose replicas are ready as soon as they are wanted, looked at at some seconds. */
const scaled = (said: Partial<Autoscale>, from: number) => {
  let state: ScalingState = unscaled(rules(said), from, 0)
  let wanted = from
  return {
    look(at: number, load: Load | undefined): [wanted: number, why: string] {
      const replicas = Array.from({ length: wanted }, () => ({ is: 'ready', load: load ?? {} }) as const)
      const next = scaling(state, { wanted, replicas }, at * second)
      state = next.state
      wanted = next.wanted
      return [next.wanted, next.why]
    },
    wanted: () => wanted,
    state: () => state,
  }
}

describe('scaling', () => {
  it('adds replicas at once, and says why', () => {
    expect(scaled({}, 1).look(1, { cpu: 0.9 })).toEqual([2, 'cpu is 0.9, and should be 0.5'])
    const queued = scaled({ queue: 4, read: async () => ({}) }, 1)
    expect(queued.look(1, { cpu: 0.5, queue: 9 })).toEqual([3, 'queue is 9, and should be 4 a replica'])
  })

  it('goes by the target that asks for most', () => {
    const a = scaled({ inFlight: 4, lag: 20, read: async () => ({}) }, 2)

    expect(a.look(1, { cpu: 0.1, lag: 5, inFlight: 7 })).toEqual([4, 'inFlight is 7, and should be 4'])
  })

  it('takes one away only when nothing has asked for it for long enough (I2)', () => {
    const a = scaled({}, 4)
    for (let at = 5; at < 60; at += 5) expect(a.look(at, { cpu: 0.1 })).toEqual([4, ''])

    expect(a.look(60, { cpu: 0.1 })).toEqual([3, 'no more than 1 of late: cpu is 0.1, and should be 0.5'])
    expect(a.look(65, { cpu: 0.1 })[0]).toBe(3)
    expect(a.look(70, { cpu: 0.1 })[0]).toBe(2)
  })

  it('goes no lower than what was asked for of late', () => {
    const a = scaled({ down: 10 }, 8)
    a.look(1, { cpu: 0.1 })
    a.look(30, { cpu: 0.3 })
    a.look(50, { cpu: 0.1 })

    expect(a.look(60, { cpu: 0.1 })[0]).toBe(5)
    expect(a.look(89, { cpu: 0.1 })[0]).toBe(5)
    expect(a.look(90, { cpu: 0.1 })[0]).toBe(2)
  })

  it('takes nothing away soon after something was added (I2)', () => {
    const a = scaled({}, 2)
    for (let at = 0; at < 58; at += 5) a.look(at, { cpu: 0.3 })
    expect(a.look(58, { cpu: 0.9 })[0]).toBe(4)

    for (let at = 60; at < 118; at += 5) expect(a.look(at, { cpu: 0.01 })[0]).toBe(4)
    expect(a.look(118, { cpu: 0.01 })[0]).toBe(3)
  })

  it('adds as many as there are at once, but four if those are fewer, or what it is told (I3)', () => {
    expect(scaled({ max: 99 }, 1).look(1, { cpu: 50 })[0]).toBe(5)
    expect(scaled({ max: 99 }, 7).look(1, { cpu: 50 })[0]).toBe(14)
    expect(scaled({ max: 99, up: 2 }, 7).look(1, { cpu: 50 })[0]).toBe(9)
  })

  it('waits after a change (I3)', () => {
    const a = scaled({}, 1)
    a.look(1, { cpu: 0.9 })

    expect(a.look(10, { cpu: 0.9 })).toEqual([2, ''])
    expect(a.look(11, { cpu: 0.9 })[0]).toBe(4)
  })

  it('comes into its range at once, whatever is measured (I1)', () => {
    expect(scaled({ min: 3 }, 1).look(1, undefined)).toEqual([3, '1 is not between 3 and 10'])
    expect(scaled({}, 15).look(1, { cpu: 9 })[0]).toBe(10)
    expect(scaled({ min: 2 }, 2).look(99, { cpu: 0 })[0]).toBe(2)
    expect(scaled({}, 10).look(1, { cpu: 9 })).toEqual([10, ''])
  })

  it('changes nothing when nothing can be measured (I4)', () => {
    const a = scaled({}, 4)
    const before = a.state()

    expect(a.look(500, undefined)).toEqual([4, ''])
    expect(a.state()).toBe(before)
  })

  it('takes nothing away while a part cannot be measured, and adds all the same (I4)', () => {
    const a = scaled({ inFlight: 4, read: async () => ({}) }, 4)
    for (let at = 5; at < 300; at += 5) expect(a.look(at, { cpu: 0.1 })[0]).toBe(4)

    expect(a.look(300, { cpu: 0.6 })[0]).toBe(5)
  })

  it('begins anew when it could measure nothing for as long as it looks back', () => {
    const a = scaled({}, 4)
    a.look(5, { cpu: 0.1 })

    expect(a.look(70, { cpu: 0.1 })[0]).toBe(4)
    expect(a.look(125, { cpu: 0.1 })[0]).toBe(4)
    expect(a.look(130, { cpu: 0.1 })[0]).toBe(3)
  })
})
