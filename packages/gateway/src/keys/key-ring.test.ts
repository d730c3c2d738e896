import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { KeyRing } from './key-ring.ts'

const head = (status: number, headers: Record<string, string>, model?: string) => ({ status, headers, model })
const ring = (size: number) => {
  const clock = fakeClock()
  const refused: [number, number][] = []
  return {
    clock,
    refused,
    keys: new KeyRing({ size, clock, refused: (nth, status) => refused.push([nth, status]) }),
  }
}

describe('KeyRing', () => {
  it('lets keys take turns (I2)', () => {
    const { keys } = ring(3)

    expect([keys.next(), keys.next(), keys.next(), keys.next()]).toEqual([0, 1, 2, 0])
  })

  it('leaves a key alone for as long as was asked (I1)', async () => {
    const { keys, clock } = ring(2)
    keys.answered(0, head(429, { 'retry-after': '2' }))

    expect([keys.next(), keys.next(), keys.rest()]).toEqual([1, 1, 0])
    keys.answered(1, head(429, { 'retry-after': '5' }))
    expect([keys.next(), keys.rest()]).toEqual([undefined, 2_000])
    await clock.advance(2_000)
    expect(keys.next()).toBe(0)
  })

  it('has a lone key rest only where it is said how long (I4)', () => {
    const { keys } = ring(1)
    keys.answered(0, head(429, {}))
    keys.answered(0, head(401, {}))
    keys.answered(0, head(503, {}))
    expect(keys.next()).toBe(0)

    keys.answered(0, head(200, { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1s' }))
    expect([keys.next(), keys.rest()]).toEqual([undefined, 1_000])
  })

  it('goes on to the next where a key is refused or throttled', () => {
    const { keys } = ring(3)
    keys.answered(0, head(401, {}))
    keys.answered(1, head(429, {}))

    expect([keys.next(), keys.next(), keys.rest()]).toEqual([2, 2, 0])
  })

  it('tells of a key that is refused once, until it works again', () => {
    const { keys, refused } = ring(1)
    for (const status of [401, 403, 500, 401, 200, 401]) keys.answered(0, head(status, {}))

    expect(refused).toEqual([
      [0, 401],
      [0, 401],
    ])
  })

  it('has a key to spare only for who has not tried them all', () => {
    const { keys } = ring(2)

    expect([keys.spare(1), keys.spare(2), ring(1).keys.spare(1)]).toEqual([true, false, false])
    keys.answered(0, head(401, {}))
    keys.answered(1, head(429, { 'retry-after': '1' }))
    expect(keys.spare(1)).toBe(false)
  })

  it('lets no more out than a provider says it takes, and no key stand in for the other (I3)', async () => {
    const { keys, clock } = ring(2)
    const left = (count: string) => ({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': count,
      'x-ratelimit-reset-requests': '10s',
    })
    keys.answered(0, head(200, left('0')))
    keys.answered(1, head(200, left('2')))

    expect([keys.next(), keys.next(), keys.next(), keys.rest()]).toEqual([1, 1, undefined, 1_000])
    await clock.advance(1_000)
    expect(keys.next()).toBe(0)
  })

  it('counts what came to nothing as under way no longer (I3)', () => {
    const { keys } = ring(1)
    const left = {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '10s',
    }
    keys.answered(0, head(200, left))
    expect([keys.next(), keys.next()]).toEqual([0, undefined])
    keys.over(0, undefined)
    keys.answered(0, head(200, left))

    expect([keys.next(), keys.next()]).toEqual([0, undefined])
  })

  it('lets one model be used up while the others are not', () => {
    const { keys } = ring(1)
    const usedUp = {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '10s',
    }
    keys.answered(0, head(200, usedUp, 'large'))

    expect([keys.next('large'), keys.rest('large'), keys.next('small'), keys.next()]).toEqual([
      undefined,
      1_000,
      0,
      0,
    ])
    expect([keys.spare(0, 'large'), keys.spare(0, 'small')]).toEqual([false, true])
  })

  it('never shortens a rest', () => {
    const { keys } = ring(1)
    keys.answered(0, head(429, { 'retry-after': '9' }))
    keys.answered(0, head(429, { 'retry-after': '1' }))

    expect(keys.rest()).toBe(9_000)
  })
})
