import { describe, expect, it } from 'vitest'
import { randomTimeOuts } from '../testing/random-time-outs.ts'

describe('zeromqClient, out of time at random', () => {
  it.each([
    { seed: 1, atOnce: 10 },
    { seed: 2, atOnce: 50 },
    { seed: 3, atOnce: 1_000 },
  ])('has no hang and no stale reply in 10,000 calls, $atOnce at once', async ({ seed, atOnce }) => {
    const { answered, late, stale } = await randomTimeOuts(10_000, seed, atOnce)

    expect(stale).toBe(0)
    expect(answered + late).toBe(10_000)
    expect(late).toBeGreaterThan(0)
  })
})
