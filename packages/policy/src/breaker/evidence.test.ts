import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../testing/index.ts'
import { Evidence, raised } from './evidence.ts'

function weighed(usual: number, least: number, share: number, enough = 15, fewest = 5): Evidence {
  const evidence = new Evidence(enough, fewest)
  evidence.weigh(usual, least, share)
  return evidence
}

function hitsInARow(evidence: Evidence): number {
  for (let hits = 1; hits < 1_000; hits++) if (evidence.hit()) return hits
  return Infinity
}

describe('Evidence', () => {
  it('is enough after the fewest hits where they are rare, and after more where they are usual', () => {
    expect(hitsInARow(weighed(0.001, 0.05, 0.8))).toBe(5)
    expect(hitsInARow(weighed(0.2, 0.25, 0.8))).toBe(11)
    expect(hitsInARow(weighed(0.001, 0.05, 0.8, 15, 1))).toBe(3)
  })

  it('tells how strong it is, and forgets', () => {
    const evidence = weighed(0.001, 0.05, 0.8)
    expect([evidence.none, evidence.strength]).toEqual([true, 0])

    evidence.hit()
    expect(evidence.strength).toBeCloseTo(1 / 4.5)
    for (let more = 0; more < 9; more++) evidence.hit()
    expect(evidence.strength).toBe(1)

    evidence.clear()
    expect([evidence.none, evidence.strength]).toEqual([true, 0])
  })

  it('is worn away by misses, down to none', () => {
    const evidence = weighed(0.01, 0.06, 0.11)
    evidence.hit()
    for (let misses = 0; misses < 100; misses++) evidence.miss()

    expect(evidence.none).toBe(true)
  })

  it('keeps what is suspected when other numbers are enough', () => {
    const evidence = weighed(0.001, 0.05, 0.8)
    for (let hits = 0; hits < 4; hits++) evidence.hit()
    evidence.require(30, 10)
    evidence.weigh(0.001, 0.05, 0.8)

    expect(evidence.strength).toBeCloseTo(4 / 9)
    expect(hitsInARow(evidence)).toBeGreaterThan(4)
  })

  it('is seldom enough by the usual share, and soon by the other one', () => {
    const random = seededRandom(5)
    const evidence = weighed(0.03, 0.055, 0.105)
    const often = (share: number) => {
      let enough = 0
      for (let call = 0; call < 100_000; call++) {
        if (random() >= share) evidence.miss()
        else if (evidence.hit()) {
          enough++
          evidence.clear()
        }
      }
      return enough
    }

    expect(often(0.03)).toBe(0)
    expect(often(0.105)).toBeGreaterThan(200)
  })

  it('keeps I1, I2 and I3 for any shares and any calls', () => {
    const share = fc.double({ min: 0.001, max: 0.3, noNaN: true })
    const property = fc.property(
      share,
      share,
      share,
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.boolean(), { maxLength: 200 }),
      (usual, rise, more, fewest, calls) => {
        const evidence = weighed(usual, usual + rise, usual + rise + more, 15, fewest)
        let hits = 0
        for (const hit of calls) {
          const before = evidence.strength
          if (hit) {
            hits++
            const enough = evidence.hit()
            expect(enough, 'I1').toBe(evidence.strength === 1)
            if (enough) expect(hits, 'I3').toBeGreaterThanOrEqual(fewest)
            if (enough) evidence.clear()
          } else {
            evidence.miss()
            expect(evidence.strength, 'I2').toBeLessThanOrEqual(before)
          }
          if (evidence.none) hits = 0
          expect(evidence.strength, 'I1').toBeGreaterThanOrEqual(0)
          expect(evidence.strength, 'I1').toBeLessThan(1)
        }
      },
    )
    fc.assert(property, { seed: 1, numRuns: 200 })
  })
})

describe('raised', () => {
  it('raises the odds, and stays a share', () => {
    expect(raised(0.5, 4)).toBeCloseTo(0.8)
    expect(raised(0.01, 4)).toBeCloseTo(0.0388, 4)
    expect(raised(0.99, 16)).toBeLessThan(1)
  })
})
