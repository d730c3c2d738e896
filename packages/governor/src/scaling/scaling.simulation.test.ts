import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type ScalingLoad,
  type ScalingOutcome,
  scalingLoads,
  scalingOutcome,
  scalingTable,
} from '../testing/scaling-loads.ts'

const seeds = Array.from({ length: 5 }, (_, n) => n + 1)

const load = (name: string): ScalingLoad => {
  const found = scalingLoads.find((each) => each.name.startsWith(name))
  expect(found, name).toBeDefined()
  return found!
}
const outcomes = new Map<string, readonly ScalingOutcome[]>()
/** The worst of a figure, whatever the chance. */
const worst = (name: string, figure: (outcome: ScalingOutcome) => number | undefined): number => {
  const known = outcomes.get(name) ?? seeds.map((seed) => scalingOutcome(load(name), seed))
  outcomes.set(name, known)
  return Math.max(...known.map((outcome) => figure(outcome) ?? Number.POSITIVE_INFINITY))
}

describe('scaling', () => {
  it.each([
    ['steady: 3 cores, 20 %', 0],
    ['… 60 % noise', 2],
  ])('does not swing with the noise of a load: %s', (name, turns) => {
    expect(worst(name, (outcome) => outcome.turns)).toBeLessThanOrEqual(turns)
    expect(worst(name, ({ changes }) => changes)).toBeLessThanOrEqual(5)
    expect(worst(name, ({ most, needed }) => most - needed)).toBeLessThanOrEqual(3)
  })

  it('would swing with it, were nothing damped', () => {
    const { turns } = scalingOutcome(load('… 60 % noise, nothing damped'))

    expect(turns).toBeGreaterThan(100)
  })

  it.each(['step', '… 20 %', '… and also lag', '… and also a queue'])(
    'is large enough a minute after a step, and small again after the time it looks back: %s',
    (name) => {
      expect(worst(name, ({ grown }) => grown)).toBeLessThanOrEqual(12)
      expect(worst(name, ({ shrunk }) => shrunk)).toBeLessThanOrEqual(60 + 3 * 14)
      expect(worst(name, ({ turns }) => turns)).toBe(1)
      expect(worst(name, ({ most, needed }) => most / needed)).toBeLessThanOrEqual(1.75)
    },
  )

  it('turns no more often when a start takes long', () => {
    expect(worst('… and a start takes 60 s', ({ turns }) => turns)).toBe(1)
    expect(worst('… and a start takes 60 s', ({ grown }) => grown)).toBeLessThanOrEqual(60)
    expect(worst('… and a start takes 60 s', ({ most, needed }) => most / needed)).toBeLessThanOrEqual(2.6)
  })

  it('follows a ramp and a day so closely that nothing waits', () => {
    for (const name of ['ramp', 'a day']) {
      const outcome = scalingOutcome(load(name))
      expect(outcome.wait, name).toBeLessThan(1)
      expect(outcome.most - outcome.needed, name).toBeLessThanOrEqual(1)
      expect(outcome.used, name).toBeGreaterThan(0.5)
    }
    expect(worst('ramp', ({ turns }) => turns)).toBe(0)
    expect(scalingOutcome(load('a day')).turns).toBeLessThanOrEqual(3)
  })

  it('turns once for a spike', () => {
    expect(worst('spike', ({ turns }) => turns)).toBe(1)
    expect(worst('spike', ({ most, needed }) => most / needed)).toBeLessThanOrEqual(1.75)
  })

  it('is shown in its page as it is', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/guide/autoscaling.md'), 'utf8')

    expect(page).toContain(scalingTable())
  })
})
