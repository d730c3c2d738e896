import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlidingWindow } from './sliding-window.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Meter } from './turnstile.ts'

/** Times at which calls went that came at those times, each only if it might go at once. */
function go(meter: Meter, times: readonly number[]): number[] {
  return times.filter((now) => {
    const may = meter.turn(now, 0) <= now
    expect(meter.free(now) > 0).toBe(may)
    if (may) meter.take(now)
    return may
  })
}

const gaps = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 40, noNaN: true }), fc.nat(300)), {
  minLength: 1,
  maxLength: 120,
})
const sizes = fc.record({ limit: fc.integer({ min: 1, max: 7 }), per: fc.integer({ min: 1, max: 200 }) })
const timesOf = (all: readonly number[]) => {
  let now = 0
  return all.map((gap) => (now += gap))
}

describe('TokenBucket', () => {
  it('lets a burst go, then one a step, exactly', () => {
    const bucket = new TokenBucket({ limit: 3, per: 1_000, burst: 5 })

    expect(go(bucket, [7, 7, 7, 7, 7, 7]).length).toBe(5)
    const next = bucket.turn(7, 0)
    expect(next).toBeCloseTo(7 + 1_000 / 3, 9)
    expect(go(bucket, [next - 0.001, next, next]).length).toBe(1)
    expect(bucket.turn(next, 3)).toBeCloseTo(7 + 5_000 / 3, 9)
  })

  it('is full again after its time, and not before', () => {
    const bucket = new TokenBucket({ limit: 1, per: 100, burst: 2 })
    go(bucket, [0, 0])

    expect([bucket.idle(199), bucket.free(199)]).toEqual([false, 1])
    expect([bucket.idle(200), bucket.free(200)]).toEqual([true, 2])
    expect(go(bucket, [200, 200, 200]).length).toBe(2)
  })

  it('gives the same promise after a hundred thousand calls: nothing adds up', () => {
    const bucket = new TokenBucket({ limit: 7, per: 1_000, burst: 2 })
    let last = 0
    for (let n = 0; n < 100_000; n++) {
      last = Math.max(last, bucket.turn(last, 0))
      bucket.take(last)
    }

    expect(last).toBeCloseTo(((100_000 - 2) * 1_000) / 7, 5)
  })

  it('holds I1 against counting by hand, and refuses nothing that might go', () => {
    const property = fc.property(sizes, fc.integer({ min: 1, max: 9 }), gaps, (size, burst, all) => {
      const { limit, per } = size
      const times = timesOf(all)
      const went = go(new TokenBucket({ ...size, burst }), times)
      went.forEach((from, first) => {
        went.slice(first).forEach((to, n) => {
          expect(n + 1, 'I1').toBeLessThanOrEqual(burst + ((to - from) * limit) / per + 1e-9)
        })
      })
      let tokens = burst
      let last = 0
      const byHand = times.filter((now) => {
        tokens = Math.min(burst, tokens + ((now - last) * limit) / per)
        last = now
        if (tokens < 1 - 1e-9) return false
        tokens--
        return true
      })
      expect(went).toEqual(byHand)
    })
    fc.assert(property, { seed: 1, numRuns: 200 })
  })
})

describe('SlidingWindow', () => {
  it('lets a call go when the one a limit before it is a window old', () => {
    const window = new SlidingWindow({ limit: 2, per: 100 })

    expect(go(window, [0, 40, 41, 99, 100, 139, 140, 140])).toEqual([0, 40, 100, 140])
    expect([0, 1, 2, 3, 5].map((ahead) => window.turn(150, ahead))).toEqual([200, 240, 300, 340, 440])
  })

  it('counts those ahead, also when nobody has gone yet', () => {
    const window = new SlidingWindow({ limit: 3, per: 100 })

    expect([0, 2, 3, 6].map((ahead) => window.turn(50, ahead))).toEqual([50, 50, 150, 250])
    expect([window.idle(50), window.free(50)]).toEqual([true, 3])
    window.take(50)
    expect([window.idle(149), window.free(149), window.idle(150)]).toEqual([false, 2, true])
  })

  it('holds I1 and I2 against counting by hand', () => {
    const larger = fc.record({
      limit: fc.integer({ min: 1, max: 40 }),
      per: fc.integer({ min: 1, max: 900 }),
    })
    const property = fc.property(larger, gaps, (size, all) => {
      const times = timesOf(all)
      const byHand: number[] = []
      for (const now of times) {
        if (byHand.filter((time) => time + size.per > now).length < size.limit) byHand.push(now)
      }
      expect(go(new SlidingWindow(size), times)).toEqual(byHand)
    })
    fc.assert(property, { seed: 1, numRuns: 200 })
  })
})
