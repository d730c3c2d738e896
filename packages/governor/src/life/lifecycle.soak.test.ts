import { describe, expect, it } from 'vitest'
import { liveThrough } from '../testing/life-history.ts'

describe('step', () => {
  it('holds its invariants through 50 000 random histories', () => {
    for (let seed = 1; seed <= 50_000; seed++)
      expect(() => liveThrough(seed, 100), `seed ${seed}`).not.toThrow()
  })
})
