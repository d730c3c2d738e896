import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'

const MINUTE = 60_000
const durations = fc.double({ min: 0.01, max: 3_600_000, noNaN: true })
/** The nearest rank: the smallest value that a share of `q` of all does not exceed. */
const exact = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1]!
const filled = (values: readonly number[], now = 0) => {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value, now)
  return histogram
}

describe('Histogram', () => {
  it('answers within 10 % of the exact quantile (I1)', () => {
    const skewed = fc.double({ min: -4.6, max: 15, noNaN: true }).map(Math.exp)
    const property = fc.property(
      fc.array(fc.oneof(durations, skewed), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0, 0.25, 0.5, 0.9, 0.99, 1),
      (values, q) => {
        const told = filled(values).quantile(q, 0)!
        const true_ = Math.min(3_600_000, Math.max(0.01, exact(values, q)))
        return Math.abs(told - true_) / true_ <= 0.1
      },
    )

    fc.assert(property, { seed: 1, numRuns: 500 })
  })

  it('counts what is out of range as the nearest that is in it', () => {
    const shortest = filled([0, -1, Number.NaN, 0.000_1])
    expect([0, 1].map((q) => shortest.quantile(q, 0)!.toFixed(3))).toEqual(['0.011', '0.011'])
    const longest = filled([1e12, Infinity]).quantile(0, 0)!
    expect(Math.abs(longest - 3_600_000) / 3_600_000).toBeLessThan(0.1)
  })

  it('knows nothing before the first duration, and after clear', () => {
    const histogram = new Histogram()
    expect(histogram.quantile(0.5, 0)).toBeUndefined()
    histogram.record(5, 0)
    expect(histogram.quantile(0.5, 0)).toBeCloseTo(5, 0)
    histogram.clear()

    expect(histogram.quantile(0.5, 0)).toBeUndefined()
  })

  it('lets what is new outweigh what is old (I3)', () => {
    const histogram = filled(Array.from({ length: 100 }, () => 10))
    for (let n = 0; n < 60; n++) histogram.record(1_000, MINUTE)

    expect(histogram.quantile(0.5, MINUTE)! / 1_000).toBeCloseTo(1, 0)
    expect(histogram.quantile(0.4, MINUTE)! / 10).toBeCloseTo(1, 0)
  })

  it('shows a single duration for four minutes, and then no more (I3)', () => {
    const histogram = filled([10])

    expect(histogram.quantile(1, 4 * MINUTE - 1)).toBeDefined()
    expect(histogram.quantile(1, 4 * MINUTE)).toBeUndefined()
    histogram.record(20, 100 * MINUTE)
    expect(histogram.quantile(1, 100 * MINUTE)).toBeDefined()
  })

  it('does the same whether it ages step by step or at once, and when the clock stands or goes back', () => {
    const values = Array.from({ length: 50 }, (_, n) => n + 1)
    const stepwise = filled(values)
    const atOnce = filled(values)
    for (let minute = 1; minute <= 3; minute++) stepwise.quantile(0.5, minute * MINUTE)

    expect(stepwise.quantile(0.7, 3 * MINUTE)).toBe(atOnce.quantile(0.7, 3 * MINUTE))
    expect(atOnce.quantile(0.7, -5 * MINUTE)).toBe(stepwise.quantile(0.7, 3 * MINUTE))
  })

  it('does not overflow, but halves all before a count would (I4)', () => {
    // 4,096 durations of one bucket are 32,768 in it.
    for (const times of [4_095, 4_096, 4_097, 8_192]) {
      const histogram = filled([1, ...Array.from({ length: times }, () => 10)])

      expect(histogram.quantile(0.5, 0)! / 10, String(times)).toBeCloseTo(1, 0)
      expect(histogram.quantile(0, 0)!, String(times)).toBeCloseTo(1, 0)
    }
  })

  it('keeps two counts in one integer apart (I2)', () => {
    const neighbours = [1, 1.22, 1.22 ** 2, 1.22 ** 3].map((ms) => 10.1 * ms)
    for (const full of neighbours) {
      const histogram = filled([...neighbours, ...Array.from({ length: 10_000 }, () => full)])
      const told = neighbours.map((_, n) => histogram.quantile(n / 3, 0)!)

      expect(Math.abs(told[0]! - neighbours[0]!) / neighbours[0]!).toBeLessThan(0.1)
      expect(Math.abs(told[3]! - neighbours[3]!) / neighbours[3]!).toBeLessThan(0.1)
      expect(Math.abs(histogram.quantile(0.5, 0)! - full) / full).toBeLessThan(0.1)
    }
  })

  it('works at any time of the clock', () => {
    const histogram = new Histogram()
    const minute = 16_667 * MINUTE
    for (let n = 0; n < 3; n++) histogram.record(10, minute)
    histogram.record(1_000, minute + MINUTE - 1)

    expect(histogram.quantile(0.7, minute + MINUTE - 1)! / 10).toBeCloseTo(1, 0)
    expect(histogram.quantile(0, minute + 6 * MINUTE)).toBeUndefined()
  })

  it('forgets in hours what it would in minutes', () => {
    expect(filled(Array.from({ length: 4_095 }, () => 10)).quantile(1, 1e12)).toBeUndefined()
  })
})
