import { describe, expect, it } from 'vitest'
import { randomTimeOuts } from '../testing/random-time-outs.ts'

describe('zeromqClient, out of time at random', () => {
  it.each([1, 2])('has no hang and no stale reply (seed %i)', async (seed) => {
    const { answered, late, stale } = await randomTimeOuts(300, seed)

    expect(stale).toBe(0)
    expect(answered + late).toBe(300)
    expect(late).toBeGreaterThan(0)
  })
})
