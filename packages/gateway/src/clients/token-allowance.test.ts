import { fakeClock, seededRandom } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { TokenAllowance } from './token-allowance.ts'

const allowance = (limit = 1_000, per = 60_000) => {
  const clock = fakeClock()
  return { clock, of: new TokenAllowance({ limit, per }, clock) }
}

describe('TokenAllowance', () => {
  it('gives back what was reserved and not used, once (I1)', () => {
    const { of } = allowance()
    const settle = of.reserve(600)
    expect(of.left).toBe(400)
    settle(100)
    settle(0)
    settle(600)

    expect(of.left).toBe(900)
  })

  it('has what was used beyond the reservation paid back by waiting, and never tells less than nothing (I2)', async () => {
    const { clock, of } = allowance()
    of.reserve(1_000)(3_000)
    expect([of.left, of.wait(1)]).toEqual([0, 120_060])

    await clock.advance(120_000)
    expect(of.left).toBe(0)
    await clock.advance(60_000)
    expect(of.left).toBe(1_000)
  })

  it('keeps no more than its limit, whatever is given back (I3)', async () => {
    const { clock, of } = allowance()
    const settle = of.reserve(500)
    await clock.advance(3_600_000)
    settle(0)

    expect(of.left).toBe(1_000)
    expect(of.full).toBe(0)
  })

  it('never has more at once than its limit', () => {
    expect(allowance().of.wait(1_001)).toBe(Infinity)
  })

  it('says truly when there is room, and never lets more go than its rate (I4), in 5,000 random steps', async () => {
    const random = seededRandom(7)
    const { clock, of } = allowance(997, 1_013)
    const open: { readonly reserved: number; settle(used: number): void }[] = []
    let used = 0
    for (let step = 0; step < 5_000; step++) {
      const tokens = Math.floor(random() * 400)
      const wait = of.wait(tokens)
      if (random() < 0.5) {
        await clock.advance(wait)
        expect(of.wait(tokens)).toBe(0)
      }
      if (of.wait(tokens) === 0) {
        open.push({ reserved: tokens, settle: of.reserve(tokens) })
        const inFlight = open.reduce((sum, { reserved }) => sum + reserved, 0)
        // Whoever takes more than was estimated, the next one waits for it.
        expect(used + inFlight).toBeLessThanOrEqual(997 + (clock.now() * 997) / 1_013 + 0.01)
      } else expect(wait).toBeGreaterThan(0)
      if (random() < 0.7) {
        const [one] = open.splice(Math.floor(random() * open.length), 1)
        const took = Math.floor(random() * 2 * (one?.reserved ?? 0))
        one?.settle(took)
        used += took
      }
      expect(of.left).toBeLessThanOrEqual(997)
    }
  })
})
