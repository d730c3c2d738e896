import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quantile } from './quantile.ts'

/** The smallest of them that a share of `q` does not exceed. */
function exact(q: number, durations: number[]): number {
  const sorted = durations.slice(-256).sort((one, other) => one - other)
  return sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-9)) - 1]!
}

describe('Quantile', () => {
  it('knows nothing at first, and forgets when it is told to', () => {
    const own = new Quantile(0.5)
    expect([own.known, own.value]).toEqual([0, undefined])
    own.record(100)
    expect([own.known, Math.round(own.value!)]).toEqual([1, 102])
    own.clear()

    expect([own.known, own.value]).toEqual([0, undefined])
    own.record(7)
    expect(own.value).toBeCloseTo(7.1, 1)
  })

  it('goes by the last 256 alone', () => {
    const own = new Quantile(0.9)
    for (let n = 0; n < 300; n++) own.record(5_000)
    for (let n = 0; n < 229; n++) own.record(1)
    expect(own.value).toBeGreaterThan(5_000)
    for (let n = 0; n < 2; n++) own.record(1)

    expect(own.value).toBeLessThan(1.1)
    expect(own.known).toBe(256)
  })

  it('forgets the first of 257', () => {
    const own = new Quantile(0.999)
    own.record(5_000)
    for (let n = 0; n < 255; n++) own.record(1)
    expect(own.value).toBeGreaterThan(5_000)
    own.record(1)
    expect(own.value).toBeLessThan(1.1)
    const low = new Quantile(0.001)
    low.record(1)
    for (let n = 0; n < 256; n++) low.record(5_000)

    expect(low.value).toBeGreaterThan(5_000)
  })

  it('takes any number', () => {
    const own = new Quantile(0.99)
    for (const odd of [0, -5, Number.NaN, 0.01]) own.record(odd)
    expect(own.value).toBe(0.05)
    for (let n = 0; n < 9; n++) own.record(Infinity)

    expect(own.value).toBeGreaterThan(30 * 60_000)
  })

  it('holds I1 and I2 over any sequence', () => {
    const duration = fc.oneof(
      fc.double({ min: 0.05, max: 10, noNaN: true }),
      fc.double({ min: 1, max: 1_800_000, noNaN: true }),
    )
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.array(duration, { minLength: 1, maxLength: 600 }),
        (q, durations) => {
          const own = new Quantile(q)
          durations.forEach((ms, n) => {
            own.record(ms)
            if (n % 7 !== 0 && n !== durations.length - 1) return
            const truth = exact(q, durations.slice(0, n + 1))
            expect(own.value! / truth).toBeGreaterThan(1 - 1e-6)
            expect(own.value! / truth).toBeLessThan(1.1 + 1e-6)
          })
        },
      ),
      { seed: 1, numRuns: 100 },
    )
  })
})
