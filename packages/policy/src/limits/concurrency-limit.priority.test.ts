import { describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { concurrencyLimit } from './concurrency-limit.ts'

const low = { priority: -1 }

describe('concurrencyLimit and calls of low priority', () => {
  it.each([
    [1, 0.5],
    [1, 0],
    [3, 0.1],
    [20, 0],
  ])('lets one in when nobody is inside, at a limit of %d and a share of %d', async (initial, share) => {
    const ask = wrap(concurrencyLimit({ initial, lowPriorityShare: share }))
    let answer = (_: string) => {}
    const first = ask(() => new Promise<string>((resolve) => (answer = resolve)), low)
    const second = await ask.attempt(() => 'too many', low)
    answer('done')

    expect(await first).toBe('done')
    expect(second.ok).toBe(false)
    expect(await ask(() => 'next', low)).toBe('next')
  })

  it('lets one in that waits as soon as nobody is inside', async () => {
    const ask = wrap(concurrencyLimit({ initial: 1, queue: 1 }))
    let answer = () => {}
    const ordinary = ask(() => new Promise<void>((resolve) => (answer = resolve)))
    const waiting = ask(() => 'low', low)
    answer()
    await ordinary

    expect(await waiting).toBe('low')
  })

  it('grows when they alone use all that they may', async () => {
    const clock = fakeClock()
    const own = concurrencyLimit({ initial: 20, clock })
    const ask = wrap(own)
    for (let round = 0; round < 10; round++) {
      const asked = Array.from({ length: 40 }, () =>
        ask.attempt(() => new Promise<void>((resolve) => clock.after(100, resolve)), low),
      )
      await clock.advance(100)
      await Promise.all(asked)
    }

    expect(own.status().limit).toBeGreaterThan(20)
  })

  it('does not grow when they use only a part of what they may', async () => {
    const clock = fakeClock()
    const own = concurrencyLimit({ initial: 20, clock })
    const ask = wrap(own)
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 9; n++) ask(() => new Promise<void>((resolve) => clock.after(100, resolve)), low)
      await clock.advance(100)
    }

    expect(own.status().limit).toBe(20)
  })
})
