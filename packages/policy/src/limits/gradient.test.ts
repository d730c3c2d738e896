import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Gradient } from './gradient.ts'

/** A server that does `places` things at a time, each in `ms`, and gets as many calls as the limit allows. */
function drive(gradient: Gradient, server: { places: number; ms: number }, windows: number, start = 0) {
  let now = start
  const limits: number[] = []
  for (let n = 0; n < windows; n++) {
    const { limit } = gradient
    const took = server.ms * Math.max(1, limit / server.places)
    gradient.press()
    for (let call = 0; call < Math.max(20, limit); call++) gradient.answered(now, now + took)
    limits.push(limit)
    now += took
  }
  return { now, limits, settled: limits.at(-1)! }
}

/** Where the limit comes to rest: `limit - sqrt(limit) = places`. */
const rest = (places: number) => ((1 + Math.sqrt(1 + 4 * places)) / 2) ** 2

describe('Gradient', () => {
  it.each([3, 10, 20, 100, 400])('finds %i places from 20, and stays there', (places) => {
    const gradient = new Gradient({ initial: 20, min: 1, max: 1_000 })
    const { limits } = drive(gradient, { places, ms: 100 }, 600)
    const late = limits.slice(100).sort((one, other) => one - other)

    expect(Math.abs(late[late.length >> 1]! - rest(places))).toBeLessThanOrEqual(2)
    expect(gradient.baseline).toBeCloseTo(100, 0)
  })

  it('finds few places from far too high a limit', () => {
    const { limits } = drive(new Gradient({ initial: 500, min: 1, max: 1_000 }), { places: 5, ms: 100 }, 60)

    expect(Math.abs(limits.at(-1)! - rest(5))).toBeLessThanOrEqual(2)
  })

  it('does not take an overload for ordinary, however long it lasts', () => {
    const { limits } = drive(
      new Gradient({ initial: 20, min: 1, max: 1_000 }),
      { places: 20, ms: 100 },
      20_000,
    )

    expect(Math.max(...limits.slice(100))).toBeLessThanOrEqual(rest(20) + 2)
  })

  it('learns anew when answers take three times as long by nature, or a third', () => {
    const gradient = new Gradient({ initial: 20, min: 1, max: 1_000 })
    const server = { places: 50, ms: 100 }
    let { now } = drive(gradient, server, 100)
    server.ms = 300
    const slow = drive(gradient, server, 60, now)
    now = slow.now
    server.ms = 100

    expect(Math.abs(slow.settled - rest(50))).toBeLessThanOrEqual(3)
    const { limits } = drive(gradient, server, 120, now)
    expect(Math.abs(limits.at(-1)! - rest(50))).toBeLessThanOrEqual(3)
    expect(gradient.baseline).toBeCloseTo(100, 0)
  })

  it('grows only when all of the limit was in use', () => {
    const gradient = new Gradient({ initial: 20, min: 1, max: 1_000 })
    for (let now = 0; now < 10_000; now += 10) gradient.answered(now, now + 10)

    expect(gradient.limit).toBe(20)
    expect([gradient.baseline, gradient.latency]).toEqual([10, 10])
  })

  it('falls once for many signs of one overload, and again for those of calls that began later', () => {
    const gradient = new Gradient({ initial: 100, min: 1, max: 1_000 })
    for (let n = 0; n < 100; n++) gradient.answered(0, 10)
    for (let n = 0; n < 50; n++) gradient.overloaded(10, 20 + n)
    expect(gradient.limit).toBe(80)
    gradient.overloaded(20, 80)
    expect(gradient.limit).toBe(64)
    gradient.answered(79, 1_000)
    expect(gradient.latency).toBe(10)
  })

  it('goes on measuring when it is overloaded before it knows anything', () => {
    const gradient = new Gradient({ initial: 10, min: 8, max: 20 })
    gradient.overloaded(0, 10)
    gradient.overloaded(10, 20)
    expect(gradient.limit).toBe(8)
    drive(gradient, { places: 12, ms: 50 }, 100, 20)

    expect(gradient.baseline).toBeCloseTo(50, 0)
    expect(gradient.limit).toBeGreaterThan(12)
  })

  it('holds I1 and I4 in any life', () => {
    const event = fc.oneof(
      fc.record({
        is: fc.constant('answers' as const),
        n: fc.nat(60),
        ms: fc.double({ min: 0, max: 1e4, noNaN: true }),
      }),
      fc.record({ is: fc.constant('overload' as const), age: fc.nat(1_000) }),
      fc.record({ is: fc.constant('press' as const) }),
    )
    const bounds = fc
      .tuple(fc.integer({ min: 1, max: 30 }), fc.nat(50), fc.nat(50))
      .map(([min, more, most]) => ({ min, initial: min + more, max: min + more + most }))
    const property = fc.property(
      bounds,
      fc.array(event, { maxLength: 80 }),
      ({ min, initial, max }, life) => {
        const gradient = new Gradient({ min, initial, max })
        let now = 0
        let pressed = false
        let highest = initial
        for (const each of life) {
          if (each.is === 'press') {
            gradient.press()
            pressed = true
          } else if (each.is === 'overload') gradient.overloaded(now - each.age, now)
          else {
            for (let n = 0; n < each.n; n++) {
              now += each.ms
              gradient.answered(now - each.ms, now)
            }
          }
          expect(gradient.limit, 'I1').toBeGreaterThanOrEqual(min)
          expect(gradient.limit, 'I1').toBeLessThanOrEqual(max)
          expect(Number.isInteger(gradient.limit), 'I1').toBe(true)
          if (!pressed) expect(gradient.limit, 'I4').toBeLessThanOrEqual(highest)
          highest = Math.max(highest, gradient.limit)
        }
      },
    )
    fc.assert(property, { seed: 1, numRuns: 300 })
  })
})
