import { seededRandom } from '@holdfast/policy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cheapest } from './cheapest.ts'
import { drawFor } from './conversation.ts'
import { fastest } from './fastest.ts'
import { leastLoaded } from './least-loaded.ts'
import type { Standing } from './standing.ts'
import { weighted } from './weighted.ts'

/** A link that has answered in a second, but for what is said otherwise. */
const standing = (but: Partial<Standing> = {}): Standing => ({
  weight: 1,
  price: { input: 1, output: 1 },
  failed: false,
  inFlight: 0,
  asked: true,
  pace: { mean: 1_000, fresh: 1 },
  silence: 0,
  output: undefined,
  ...but,
})
const paced = (mean: number, but: Partial<Standing> = {}): Standing =>
  standing({ pace: { mean, fresh: 1 }, ...but })
const never = () => 0.999_999
const tokens = { input: 100, output: 1_000 }

const amount = fc.double({ min: 0, max: 1e6, noNaN: true })
const anyStanding: fc.Arbitrary<Standing> = fc.record({
  weight: amount,
  price: fc.option(fc.record({ input: amount, output: amount }), { nil: undefined }),
  failed: fc.boolean(),
  inFlight: fc.nat(1_000),
  asked: fc.boolean(),
  pace: fc.option(fc.record({ mean: amount, fresh: fc.double({ min: 0, max: 1, noNaN: true }) }), {
    nil: undefined,
  }),
  silence: amount,
  output: fc.option(amount, { nil: undefined }),
})
const anyStandings = fc.array(anyStanding, { maxLength: 8 })

/** How often each place came first in so many requests. */
const firsts = (requests: number, links: number, place: () => number): number[] => {
  const counts = Array<number>(links).fill(0)
  for (let request = 0; request < requests; request++) counts[place()]!++
  return counts
}

describe.each([
  ['weighted', (standings: readonly Standing[], random: () => number) => weighted(standings, random)],
  ['leastLoaded', leastLoaded],
  ['cheapest', (standings: readonly Standing[]) => cheapest(standings, tokens)],
  ['fastest', fastest],
])('%s', (_, order) => {
  it('names each link once, whatever is known', () => {
    fc.assert(
      fc.property(anyStandings, fc.nat(), (standings, seed) => {
        const places = order(standings, seededRandom(seed))
        expect(places.toSorted((a, b) => a - b)).toEqual([...standings.keys()])
      }),
    )
  })

  it('does the same again with the same chance', () => {
    fc.assert(
      fc.property(anyStandings, fc.nat(), (standings, seed) => {
        expect(order(standings, seededRandom(seed))).toEqual(order(standings, seededRandom(seed)))
      }),
    )
  })
})

describe('weighted', () => {
  const shares = (weights: readonly number[], draw: (place: number) => number) =>
    weighted(
      weights.map((weight) => standing({ weight })),
      draw,
    )

  it('gives each its part of the requests, and of what is left to those behind', () => {
    const random = seededRandom(5)
    const orders = Array.from({ length: 20_000 }, () => shares([6, 3, 1], random))

    const first = [0, 1, 2].map((place) => orders.filter(([first]) => first === place).length / 20_000)
    expect(
      first.map((share, place) => share - [0.6, 0.3, 0.1][place]!).every((off) => Math.abs(off) < 0.015),
    ).toBe(true)
    const afterFirst = orders.filter(([first]) => first === 0)
    const second = afterFirst.filter(([, second]) => second === 1).length / afterFirst.length
    expect(Math.abs(second - 0.75)).toBeLessThan(0.02)
  })

  it('keeps its parts for any weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 4 }),
        fc.nat(),
        (weights, seed) => {
          const random = seededRandom(seed)
          const counts = firsts(4_000, weights.length, () => shares(weights, random)[0]!)
          const sum = weights.reduce((a, b) => a + b)
          // Six standard deviations.
          for (const [place, weight] of weights.entries()) {
            const share = weight / sum
            expect(Math.abs(counts[place]! / 4_000 - share)).toBeLessThan(
              6 * Math.sqrt((share * (1 - share)) / 4_000),
            )
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  it('leaves what has no weight for when the others fail', () => {
    const random = seededRandom(5)

    for (let request = 0; request < 100; request++)
      expect(shares([0, 1, 0, 1], random).slice(2)).toEqual([0, 2])
  })

  it('keeps a conversation with its link, and moves no other when one comes or goes', () => {
    const names = ['a', 'b', 'c']
    const home = (talk: string, among: readonly string[]) =>
      among[
        shares(
          among.map(() => 1),
          (place) => drawFor(talk, among[place]!),
        )[0]!
      ]!
    const talks = Array.from({ length: 3_000 }, (_, index) => `talk-${index}`)
    const homes = talks.map((talk) => home(talk, names))

    expect(homes).toEqual(talks.map((talk) => home(talk, names)))
    for (const name of names) expect(homes.filter((each) => each === name).length).toBeGreaterThan(900)
    const without = talks.map((talk) => home(talk, ['a', 'c']))
    expect(without.filter((now, index) => homes[index] !== 'b' && now !== homes[index])).toEqual([])
  })
})

describe('leastLoaded', () => {
  it('asks who has least to do, and of equals the first in the file', () => {
    const order = (...inFlight: readonly number[]) =>
      leastLoaded(
        inFlight.map((each) => standing({ inFlight: each })),
        never,
      )

    expect(order(0, 0, 0)).toEqual([0, 1, 2])
    expect(order(3, 1, 2)).toEqual([1, 2, 0])
    expect(order(2, 1, 1)).toEqual([1, 2, 0])
  })

  it('puts who fails behind, though it has nothing to do, and tries it now and then', () => {
    const standings = [standing({ failed: true }), standing({ inFlight: 50 }), standing({ inFlight: 90 })]
    const random = seededRandom(3)

    expect(leastLoaded(standings, never)).toEqual([1, 2, 0])
    const [tried] = firsts(4_000, 3, () => leastLoaded(standings, random)[0]!)
    expect(tried! / 4_000).toBeGreaterThan(0.04)
    expect(tried! / 4_000).toBeLessThan(0.06)
  })
})

describe('cheapest', () => {
  const priced = (input: number, output: number, said?: number) =>
    standing({ price: { input, output }, output: said })

  it('weighs input and output as the request and the answers so far do', () => {
    const reads = priced(1, 10)
    const writes = priced(3, 4)

    expect(cheapest([reads, writes], { input: 10_000, output: 100 })).toEqual([0, 1])
    expect(cheapest([reads, writes], { input: 100, output: 1_000 })).toEqual([1, 0])
    expect(cheapest([priced(1, 10, 20), priced(3, 4, 20)], { input: 100, output: 9_999 })).toEqual([0, 1])
  })

  it('minds how much a model says, not only what it asks for it', () => {
    expect(cheapest([priced(1, 2, 3_000), priced(1, 4, 500)], tokens)).toEqual([1, 0])
    expect(cheapest([priced(1, 2), priced(1, 4, 500)], tokens)).toEqual([0, 1])
  })

  it('asks of equals the first in the file', () => {
    expect(cheapest([priced(2, 2), priced(2, 2), priced(1, 1)], tokens)).toEqual([2, 0, 1])
  })
})

describe('fastest', () => {
  it('asks who began first in the mean', () => {
    expect(fastest([paced(900), paced(300), paced(600)], never)).toEqual([1, 2, 0])
  })

  it('asks at once who was never asked, and last who was and has not answered', () => {
    const unknown = standing({ asked: true, pace: undefined })

    expect(fastest([paced(300), standing({ asked: false, pace: undefined }), unknown], never)).toEqual([
      1, 0, 2,
    ])
  })

  it('leaves who hangs before its calls are given up', () => {
    expect(fastest([paced(300, { silence: 500 }), paced(600)], never)).toEqual([0, 1])
    expect(fastest([paced(300, { silence: 700 }), paced(600)], never)).toEqual([1, 0])
  })

  it('puts who failed behind, however fast', () => {
    expect(fastest([paced(1, { failed: true }), paced(600), paced(900)], never)).toEqual([1, 2, 0])
    expect(fastest([paced(900, { failed: true }), paced(600, { failed: true })], never)).toEqual([1, 0])
  })

  it('tries a slow one so seldom that it costs each request a twentieth of the fastest at most', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 2, maxLength: 4 }),
        fc.nat(),
        (means, seed) => {
          const standings = means.map((mean) => paced(mean))
          const random = seededRandom(seed)
          const best = Math.min(...means)
          const spent = Array.from({ length: 2_000 }, () => means[fastest(standings, random)[0]!]! - best)
          const mean = spent.reduce((a, b) => a + b) / 2_000
          const bound = (best / 20) * (means.length - 1)
          const spread = Math.sqrt(spent.reduce((sum, each) => sum + each * each, 0) / 2_000 / 2_000)
          expect(mean).toBeLessThan(bound + 6 * spread + 1e-9)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('tries what is long ago as often as what is fast', () => {
    const tried = (fresh: number) => {
      const random = seededRandom(9)
      const standings = [paced(100), standing({ pace: { mean: 10_000, fresh } })]
      return firsts(20_000, 2, () => fastest(standings, random)[0]!)[1]! / 20_000
    }

    expect(tried(1)).toBeLessThan(0.002)
    expect(tried(0)).toBeGreaterThan(0.045)
  })
})
