import { describe, expect, it } from 'vitest'
import { bounds, Tally, UpstreamTally } from './tally.ts'

describe('Tally', () => {
  it('counts how requests ended, who was passed over, and how long it took', () => {
    const tally = new Tally()
    const failure = { link: 'one', class: 'transient', message: '', attempts: 2 } as const
    for (let began = 0; began < 5; began++) tally.began()
    tally.ended({ answeredBy: 'one' }, 10, [])
    tally.ended({ answeredBy: 'two' }, 200, [failure])
    tally.ended('failed', 999_000, [failure, { ...failure, class: 'timeout' }])
    tally.ended('cancelled', 1, [])
    const { seconds, ...counts } = tally.counts()

    expect(counts).toEqual({
      requests: 5,
      failed: 1,
      cancelled: 1,
      answered: { one: 1, two: 1 },
      passedOver: { one: { transient: 2, timeout: 1 } },
    })
    expect(seconds.count).toBe(4)
    expect(seconds.sum).toBeCloseTo(999.211)
    expect(seconds.buckets).toEqual(bounds.map((bound) => (bound < 0.25 ? 2 : 3)))
  })

  it('gives away copies', () => {
    const tally = new Tally()
    const before = tally.counts()
    tally.ended({ answeredBy: 'one' }, 1, [])

    expect(before.answered).toEqual({})
  })
})

describe('UpstreamTally', () => {
  it('counts failures by their class', () => {
    const tally = new UpstreamTally()
    tally.failed('timeout')
    tally.failed('timeout')

    expect(tally.failures).toEqual({ timeout: 2 })
  })
})
