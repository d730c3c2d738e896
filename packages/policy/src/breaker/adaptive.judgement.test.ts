import { beforeAll, describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import {
  judge,
  type LoadShape,
  loadShapes,
  type Score,
  scoreboard,
  seededRandom,
  traffic,
} from '../testing/index.ts'
import { adaptive } from './adaptive.ts'
import { type BreakerEvent, breaker } from './breaker.ts'
import { consecutive } from './consecutive.ts'
import { countWindow } from './count-window.ts'
import { timeWindow } from './time-window.ts'

const trips = {
  adaptive: adaptive(),
  consecutive: consecutive(5),
  count: countWindow({ calls: 100, failureRate: 0.5 }),
  half: timeWindow({ duration: 10_000, failureRate: 0.5, minimumCalls: 10 }),
  fifth: timeWindow({ duration: 10_000, failureRate: 0.2, minimumCalls: 10 }),
}

// The judgement was fixed before the trip was written: benchmarks/adaptive/README.md. The soak test runs it with more seeds.
describe('adaptive, judged on five load shapes,', () => {
  let scores: Score[] = []
  const of = (shape: string, trip: keyof typeof trips = 'adaptive') =>
    scores.find((score) => score.shape === shape && score.trip === trip)!
  const best = (shape: string, of: (score: Score) => number) =>
    Math.min(
      ...scores
        .filter((score) => score.shape === shape && score.trip !== 'adaptive')
        .map((score) => of(score)),
    )

  beforeAll(() => {
    scores = scoreboard(trips, loadShapes, 2)
  })

  it('never opens for nothing', () => {
    expect(scores.filter(({ trip }) => trip === 'adaptive').map(({ falseTrips }) => falseTrips)).toEqual([
      0, 0, 0, 0, 0,
    ])
  })

  it('stays closed through the daily wave, where a fixed fifth does not', () => {
    expect(of('daily wave').failed).toBe(of('daily wave', 'consecutive').failed)
    expect(of('daily wave', 'fifth').falseTrips).toBeGreaterThan(0)
  })

  it('opens on a slow leak before every fixed trip, and loses least where there is a fallback', () => {
    const { inTime, runs, detectedAfter, fallback } = of('slow leak')

    expect(inTime).toBe(runs)
    expect(detectedAfter).toBeLessThan(best('slow leak', (score) => score.detectedAfter!) / 2)
    expect(fallback).toBeLessThan(best('slow leak', (score) => score.fallback) * 0.8)
  })

  it('opens on a 10 % outage, which no fixed half sees, and loses less with a fallback, though more without', () => {
    const { inTime, runs, fallback, alone } = of('10 % outage')

    expect(inTime).toBe(runs)
    expect([of('10 % outage', 'count').detected, of('10 % outage', 'half').detected]).toEqual([0, 0])
    expect(fallback).toBeLessThan(of('10 % outage', 'half').fallback * 0.9)
    expect(alone).toBeGreaterThan(of('10 % outage', 'half').alone * 2)
  })

  it('loses no more to a deploy spike, with a fallback, than a tenth above the best fixed trip', () => {
    expect(of('deploy spike').fallback).toBeLessThan(best('deploy spike', (score) => score.fallback) * 1.1)
  })

  it('opens on an outage at a low rate as soon as five failures in a row do', () => {
    const { inTime, runs, detectedAfter, alone } = of('low rate')
    const row = of('low rate', 'consecutive')

    expect(inTime).toBe(runs)
    expect(detectedAfter).toBeLessThanOrEqual(row.detectedAfter! * 1.25)
    expect(alone).toBeLessThan(row.alone * 1.25)
  })

  it('told that a refused call is lost, stays closed through the 10 % outage', () => {
    const outage = loadShapes.find(({ name }) => name === '10 % outage')!
    const { detected } = scoreboard({ alone: adaptive({ rise: 0.5, latency: false }) }, [outage], 1)[0]!

    expect(detected).toBe(0)
  })
})

describe('judge', () => {
  it.each(['low rate', 'slow leak'])('opens when a true breaker would: %s', async (name) => {
    const whole = loadShapes.find((shape) => shape.name === name)!
    const shape: LoadShape = { ...whole, at: (time) => ({ ...whole.at(time), rate: 0.3 }) }
    const calls = traffic(shape, seededRandom(7))
    for (const trip of [trips.adaptive, trips.consecutive, trips.fifth]) {
      const { opened, failed, goodRefused, badRefused } = judge(trip, shape, calls)
      const truth = await truly(trip, calls)

      expect(truth).toEqual({ opened, failed, refused: goodRefused + badRefused })
    }
  })
})

/** The same traffic through a breaker with everything around it. */
async function truly(trip: (typeof trips)[keyof typeof trips], calls: ReturnType<typeof traffic>) {
  let now = 0
  const clock = { now: () => now, after: () => () => {} }
  const guard = breaker({ trip, openFor: 10_000, clock })
  const ask = wrap(guard)
  const opened: number[] = []
  let before: BreakerEvent['type'] | undefined
  guard.on(({ type }) => {
    if (type === 'breaker.rejected') return
    if (type === 'breaker.opened' && before !== 'breaker.half-opened') opened.push(now)
    before = type
  })
  const work = new Map<number, PromiseWithResolvers<void>>()
  let failed = 0
  let ended = 0
  const end = async (until: number) => {
    for (; ended < calls.calls; ended++) {
      const call = calls.ending[ended]!
      const at = calls.start[call]! + calls.took[call]!
      if (at > until) return
      now = at
      failed += work.has(call) ? calls.failed[call]! : 0
      if (calls.failed[call] === 1) work.get(call)?.reject(new Error('down'))
      else work.get(call)?.resolve()
      await settled()
    }
  }
  for (let call = 0; call < calls.calls; call++) {
    await end(calls.start[call]!)
    now = calls.start[call]!
    ask(() => {
      work.set(call, Promise.withResolvers())
      return work.get(call)!.promise
    }).catch(() => {})
    await settled()
  }
  await end(Infinity)
  return { opened, failed, refused: calls.calls - work.size }
}

async function settled(): Promise<void> {
  for (let hop = 0; hop < 10; hop++) await undefined
}
