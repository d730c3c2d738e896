import { describe, expect, it } from 'vitest'
import { fakeRandom, seededRandom } from '../testing/index.ts'
import { backoff } from './backoff.ts'

function waits(
  options: Partial<Parameters<typeof backoff>[0]>,
  random = fakeRandom(0.5),
  count = 5,
): number[] {
  const next = backoff({ initial: 1_000, max: 10_000, factor: 2, jitter: 'none', ...options }, random)
  const list: number[] = []
  for (let n = 0; n < count; n++) list.push(next(n, list.at(-1) ?? options.initial ?? 1_000))
  return list
}

describe('backoff', () => {
  it('grows as min(initial * factor^n, max)', () => {
    expect(waits({})).toEqual([1_000, 2_000, 4_000, 8_000, 10_000])
    expect(waits({ factor: 3 })).toEqual([1_000, 3_000, 9_000, 10_000, 10_000])
  })

  it('takes anything from nothing to the wait with full jitter', () => {
    expect(waits({ jitter: 'full' }, fakeRandom(0, 0.5))).toEqual([0, 1_000, 0, 4_000, 0])
  })

  it('takes at least half with equal jitter', () => {
    expect(waits({ jitter: 'equal' }, fakeRandom(0, 0.5))).toEqual([500, 1_500, 2_000, 6_000, 5_000])
  })

  it('goes by the wait before with decorrelated jitter', () => {
    expect(waits({ jitter: 'decorrelated' })).toEqual([2_000, 3_500, 5_750, 9_125, 10_000])
  })

  it.each(['none', 'full', 'equal', 'decorrelated'] as const)(
    'stays within 0 and max with jitter %s, for any n',
    (jitter) => {
      const next = backoff({ initial: 3, max: 70, factor: 2, jitter }, seededRandom(7))
      const list = Array.from({ length: 2_000 }, (_, n) => next(n, 70))

      expect(list.every((wait) => wait >= 0 && wait <= 70)).toBe(true)
      expect(backoff({ initial: 0, max: 0, factor: 2, jitter }, seededRandom(7))(5_000, 0)).toBe(0)
    },
  )

  it.each([
    [{ initial: -1 }, 'backoff.initial'],
    [{ max: 999 }, 'backoff.max'],
    [{ factor: 0.5 }, 'backoff.factor'],
    [{ jitter: 'some' as never }, 'backoff.jitter'],
    [{ jitter: 'toString' as never }, 'backoff.jitter'],
  ])('refuses %o', (options, option) => {
    expect(() => waits(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', option }))
  })
})
