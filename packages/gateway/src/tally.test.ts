import { describe, expect, it } from 'vitest'
import type { Journey } from './journey.ts'
import { outcomes, Tally, UpstreamTally } from './tally.ts'

const journey = (but: Partial<Journey> = {}): Journey => ({
  chain: 'default',
  began: 0,
  attempts: 1,
  failures: [],
  cut: false,
  ...but,
})

describe('Tally', () => {
  it('counts how requests ended, who was passed over, and how long it took', () => {
    const tally = new Tally()
    const failure = { link: 'one', class: 'transient', message: '', attempts: 2 } as const
    for (let began = 0; began < 6; began++) tally.began()
    tally.ended({ outcome: 'answered', link: 'one', ms: 10, journey: journey() })
    tally.ended({ outcome: 'answered', link: 'two', ms: 240, journey: journey({ failures: [failure] }) })
    const failures = [failure, { ...failure, class: 'timeout' } as const]
    tally.ended({ outcome: 'exhausted', ms: 999_000, journey: journey({ failures, attempts: 9 }) })
    tally.ended({ outcome: 'cancelled', ms: 1, journey: journey() })
    tally.ended({ outcome: 'refused', link: 'one', ms: 1, journey: journey() })

    expect(tally.counts()).toEqual({
      requests: 6,
      failed: 1,
      refused: 1,
      cancelled: 1,
      answered: { one: 1, two: 1 },
      passedOver: { one: { transient: 2, timeout: 1 } },
    })
    const sums = outcomes.map((outcome) => tally.seconds[outcome].distribution({}).sum)
    expect(sums).toEqual([0.25, 0.001, 999, 0, 0.001])
    expect(tally.attempts.distribution({})).toMatchObject({ buckets: [0, 4, 4, 4, 4, 4], count: 5 })
  })

  it('counts a stream that broke off, and whether it was mended, once', () => {
    const tally = new Tally()
    for (const outcome of ['answered', 'broke-off', 'cancelled'] as const)
      tally.ended({ outcome, ms: 1, journey: journey({ cut: true }) })
    tally.ended({ outcome: 'answered', ms: 1, journey: journey() })

    expect(tally.streams).toEqual({ cut: 3, mended: 1 })
    expect(tally.counts().failed).toBe(1)
  })

  it('adds up tokens by link', () => {
    const tally = new Tally()
    tally.used('one', { input: 1, output: 2 })
    tally.used('one', { input: 10, output: 20 })

    expect([...tally.tokens]).toEqual([['one', { input: 11, output: 22 }]])
  })

  it('gives away copies', () => {
    const tally = new Tally()
    const before = tally.counts()
    tally.ended({ outcome: 'answered', link: 'one', ms: 1, journey: journey() })

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
