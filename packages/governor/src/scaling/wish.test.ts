import { describe, expect, it } from 'vitest'
import type { Load } from './load.ts'
import { type ReplicaSeen, type Target, wish } from './wish.ts'

const starting: ReplicaSeen = { is: 'starting' }
const cpu: Target = { measure: 'cpu', aim: 0.5, tolerance: 0.1 }
const queue: Target = { measure: 'queue', aim: 10, tolerance: 0.1 }

/** So many replicas as have a load, or none that they tell, or start. */
const seen = (...replicas: (number | Load | 'starting')[]) => ({
  wanted: replicas.length,
  replicas: replicas.map((load): ReplicaSeen => {
    if (load === 'starting') return starting
    return { is: 'ready', load: typeof load === 'number' ? { cpu: load } : load }
  }),
})
const wishes = (...replicas: Parameters<typeof seen>) => wish(cpu, seen(...replicas))?.replicas

describe('wish', () => {
  it('is as many as bring the mean to the target', () => {
    expect(wishes(1, 1)).toBe(4)
    expect(wishes(0.7, 0.5)).toBe(3)
    expect(wishes(0.25, 0.25, 0.25, 0.25)).toBe(2)
    expect(wishes(0, 0)).toBe(0)
  })

  it('is no change while the mean is within the tolerance', () => {
    expect(wishes(0.55, 0.55)).toBe(2)
    expect(wishes(0.45, 0.45)).toBe(2)
    expect(wishes(0.56, 0.56)).toBe(3)
    expect(wishes(...Array<number>(10).fill(0.44))).toBe(9)
  })

  it('asks for no replica that only arithmetic needs', () => {
    // 0.1 + 0.2 is a little more than 0.3.
    expect(wish({ ...cpu, aim: 0.3 }, seen(0.1, 0.2, 0))?.replicas).toBe(1)
    expect(wish({ ...cpu, aim: 0.1 }, seen(0.1, 0.2))?.replicas).toBe(3)
  })

  it('takes those that start for idle when more are asked for, which makes them fewer', () => {
    expect(wishes(1, 1, 'starting')).toBe(4)
    expect(wishes(1, 'starting')).toBe(2)
    expect(wishes(0.8, 'starting', 'starting')).toBe(3)
    expect(wishes(...Array<number>(8).fill(0.66))).toBe(11)
    expect(wishes(...Array<number>(8).fill(0.66), 'starting', 'starting')).toBe(10)
  })

  it('does not take those that start for idle when fewer are asked for', () => {
    // Four that share 0.8 would have 0.2 each; of those that serve, each has 0.4.
    expect(wishes(0.4, 0.4, 'starting', 'starting')).toBe(2)
    expect(wishes(0.47, 0.47, 'starting', 'starting')).toBe(4)
  })

  it('takes those that do not tell for idle when more are asked for, and for busy when fewer are', () => {
    expect(wishes(1, 1, {})).toBe(4)
    expect(wishes(0.8, {}, {})).toBe(3)
    expect(wishes(0.1, 0.1, {})).toBe(2)
    expect(wishes(0.4, {}, {}, {})).toBe(4)
  })

  it('is unknown when nobody tells', () => {
    expect(wish(cpu, seen({}, 'starting'))).toBeUndefined()
    expect(wish(cpu, seen())).toBeUndefined()
    expect(wish(queue, seen(1, 1))).toBeUndefined()
  })

  it('never asks for fewer because there is more to do', () => {
    // Two of five were given up: the three that are left need only four.
    expect(wish(cpu, { ...seen(0.6, 0.6, 0.7), wanted: 5 })?.replicas).toBe(5)
  })

  it('is no change when those that are being replaced would turn it round', () => {
    expect(wish(cpu, { ...seen(0.75, 0.75, 'starting', 'starting'), wanted: 2 })?.replicas).toBe(2)
    expect(wish(cpu, { ...seen(0.4, 0.4, 0.4, 0.4), wanted: 2 })?.replicas).toBe(2)
  })

  it('looks at a queue once, however many tell of it, ready or not', () => {
    expect(wish(queue, seen({ queue: 45 }, { queue: 44 }))).toEqual({ replicas: 5, load: 45 })
    expect(wish(queue, seen({ queue: 45 }, 'starting', 'starting'))?.replicas).toBe(5)
    expect(wish(queue, seen({ queue: 21 }, {}))?.replicas).toBe(2)
    expect(wish(queue, seen({ queue: 0 }, {}))?.replicas).toBe(0)
  })
})
