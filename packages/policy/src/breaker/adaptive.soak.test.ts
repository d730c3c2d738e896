import { describe, expect, it } from 'vitest'
import { loadShapes, scoreboard, seededRandom } from '../testing/index.ts'
import { adaptive } from './adaptive.ts'

describe('adaptive, over and over,', () => {
  it('opens in time on each shape that asks for it, and hardly ever for nothing', {
    timeout: 300_000,
  }, () => {
    const scores = scoreboard({ adaptive: adaptive() }, loadShapes, 100)
    const falseTrips = scores.reduce((sum, score) => sum + score.falseTrips, 0)
    const inTime = (shape: string) => scores.find((score) => score.shape === shape)!.inTime

    // 73 million calls, most of them ordinary.
    expect(falseTrips).toBeLessThanOrEqual(3)
    expect([inTime('slow leak'), inTime('10 % outage')]).toEqual([100, 100])
    // At three calls in ten seconds, some runs have not five calls to judge by.
    expect(inTime('low rate')).toBeGreaterThanOrEqual(95)
  })

  it('opens at most once in a million ordinary calls, whatever share fails and however fast they come', {
    timeout: 300_000,
  }, () => {
    for (const failing of [0, 0.001, 0.005, 0.02, 0.1, 0.3]) {
      for (const perSecond of [0.02, 1, 50]) {
        const random = seededRandom(11)
        let now = 0
        const gauge = adaptive().gauge({ now: () => now, after: () => () => {} })
        let opened = 0
        for (let call = 0; call < 3_000_000; call++) {
          now += 1_000 / perSecond
          const ms = 100 * Math.exp(random() + random() + random() - 1.5)
          if (!gauge.record(random() < failing, ms)) continue
          opened++
          gauge.clear()
        }
        expect(opened, `${failing} at ${perSecond} a second`).toBeLessThanOrEqual(3)
      }
    }
  })
})
