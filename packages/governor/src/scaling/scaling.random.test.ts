import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ScalingRules, scalingRules } from './autoscale.ts'
import { scaling, unscaled } from './scaling.ts'
import type { ReplicaSeen } from './wish.ts'

const seeded = { seed: 1, numRuns: 300 }

/** A busy replica must show that it is: it uses one core at most. */
const shows = ({ cpu = 1, tolerance }: ScalingRules): boolean => cpu * (1 + tolerance) < 0.95

const anyRules = fc
  .record({
    min: fc.integer({ min: 1, max: 4 }),
    extra: fc.integer({ min: 0, max: 20 }),
    cpu: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
    queue: fc.option(fc.double({ min: 1, max: 20, noNaN: true })),
    tolerance: fc.constantFrom(0, 0.1, 0.3),
    downAfter: fc.constantFrom(0, 20_000, 60_000),
    coolDown: fc.constantFrom(0, 5_000, 15_000),
    up: fc.option(fc.integer({ min: 1, max: 5 })),
    down: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ min, extra, up, queue, ...rest }) =>
    scalingRules('a', {
      ...rest,
      min,
      max: min + extra,
      read: async () => ({}),
      ...(up !== null && { up }),
      ...(queue !== null && { queue }),
    }),
  )

const anyLoad = fc.record(
  { cpu: fc.double({ min: 0, max: 4, noNaN: true }), queue: fc.integer({ min: 0, max: 300 }) },
  { requiredKeys: [] },
)
const anyReplica: fc.Arbitrary<ReplicaSeen> = fc.oneof(
  { weight: 4, arbitrary: anyLoad.map((load): ReplicaSeen => ({ is: 'ready', load })) },
  { weight: 1, arbitrary: fc.constant<ReplicaSeen>({ is: 'starting' }) },
)
/** What was found at a look, and how long after the last one that was. */
const anyLook = fc.record({
  after: fc.integer({ min: 1, max: 12_000 }),
  replicas: fc.array(anyReplica, { maxLength: 8 }),
})

interface Change {
  readonly at: number
  readonly from: number
  readonly to: number
}

const isUp = ({ from, to }: Change): boolean => to > from

/** A service of which each replica uses as much of a core as there is work for, and one at most. */
const worked = (rules: ScalingRules, demand: (at: number) => number, startUp: number) => {
  let state = unscaled(rules, rules.min, 0)
  let ready: readonly number[] = Array.from({ length: rules.min }, () => 0)
  const sizes: { readonly at: number; readonly size: number }[] = []
  return {
    sizes,
    until(end: number, from: number) {
      for (let at = from; at < end; at += rules.every) {
        const serving = ready.filter((since) => since <= at).length
        const load = { cpu: Math.min(1, demand(at) / serving), queue: 0 }
        const replicas = ready.map(
          (since): ReplicaSeen => (since <= at ? { is: 'ready', load } : { is: 'starting' }),
        )
        const step = scaling(state, { wanted: ready.length, replicas }, at)
        state = step.state
        const added = Math.max(0, step.wanted - ready.length)
        ready = [...ready, ...Array<number>(added).fill(at + startUp)].slice(0, step.wanted)
        sizes.push({ at, size: ready.length })
      }
      return ready.length
    },
  }
}

describe('scaling', () => {
  it('holds its invariants whatever is found', () => {
    fc.assert(
      fc.property(
        anyRules,
        fc.integer({ min: 1, max: 30 }),
        fc.array(anyLook, { maxLength: 120 }),
        (rules, begins, looks) => {
          let state = unscaled(rules, begins, 0)
          let wanted = begins
          let at = 0
          const changes: Change[] = []
          for (const { after, replicas } of looks) {
            at += after
            const step = scaling(state, { wanted, replicas }, at)
            const { min, max } = rules
            expect(step.wanted, 'I1').toBeGreaterThanOrEqual(min)
            expect(step.wanted, 'I1').toBeLessThanOrEqual(max)
            expect(step.state.wishes.length, 'I5').toBeLessThanOrEqual(max - min + 1)
            expect(step.why === '', 'it says why').toBe(step.wanted === wanted)
            if (replicas.every(({ is }) => is === 'starting'))
              expect(step.wanted, 'I4').toBe(Math.min(Math.max(wanted, min), max))
            const inRange = wanted >= min && wanted <= max
            if (step.wanted !== wanted && inRange) changes.push({ at, from: wanted, to: step.wanted })
            state = step.state
            wanted = step.wanted
          }
          for (const [n, change] of changes.entries()) {
            const { from, to } = change
            const before = changes[n - 1]
            if (before) expect(change.at - before.at, 'I3').toBeGreaterThanOrEqual(rules.coolDown)
            if (isUp(change)) expect(to - from, 'I3').toBeLessThanOrEqual(rules.up ?? Math.max(from, 4))
            else {
              expect(from - to, 'I3').toBeLessThanOrEqual(rules.down)
              expect(change.at, 'I2').toBeGreaterThanOrEqual(rules.downAfter)
              const added = changes.slice(0, n).findLast(isUp)
              if (added) expect(change.at - added.at, 'I2').toBeGreaterThanOrEqual(rules.downAfter)
            }
          }
        },
      ),
      seeded,
    )
  })

  it('turns at most once within the time it looks back, whatever the noise (I2)', () => {
    fc.assert(
      fc.property(
        anyRules,
        fc.double({ min: 0.5, max: 12, noNaN: true }),
        fc.infiniteStream(fc.double({ min: 0, max: 2, noNaN: true })),
        (rules, demand, noise) => {
          const service = worked(rules, () => demand * noise.next().value, 0)
          service.until(400 * rules.every, 0)
          const changes = service.sizes.flatMap(({ at, size }, n) => {
            const from = service.sizes[n - 1]?.size ?? size
            return from === size ? [] : [{ at, from, to: size }]
          })
          const turns = changes.flatMap((change, n) =>
            n > 0 && isUp(changes[n - 1]!) !== isUp(change) ? [change.at] : [],
          )
          for (let n = 2; n < turns.length; n++)
            expect(turns[n]! - turns[n - 2]!).toBeGreaterThanOrEqual(rules.downAfter)
        },
      ),
      { ...seeded, numRuns: 60 },
    )
  })

  it('has the right size within a bounded time after a step, and keeps it', () => {
    fc.assert(
      fc.property(
        anyRules.filter(shows),
        fc.double({ min: 0.1, max: 15, noNaN: true }),
        fc.double({ min: 0.1, max: 15, noNaN: true }),
        fc.constantFrom(0, 4_000, 30_000),
        (rules, first, then, startUp) => {
          const { min, max, cpu = 1, tolerance, every, coolDown, downAfter } = rules
          // Up: a busy replica shows 1 / cpu of what it should have, so they grow by that, or by one; each time as late as
          // the pause and the start allow. Down: one after the other.
          const pause = Math.max(every, coolDown, startUp) + 2 * every
          const longest = downAfter + 2 * every + (max - min + 2) * pause
          const service = worked(rules, (at) => (at < longest ? first : then), startUp)

          service.until(2 * longest, 0)

          const right = (demand: number, size: number) => {
            const inside = (needed: number) => Math.min(Math.max(needed, min), max)
            expect(size).toBeGreaterThanOrEqual(inside(Math.ceil(demand / cpu / (1 + tolerance) - 1e-6)))
            expect(size).toBeLessThanOrEqual(inside(Math.ceil(demand / cpu / (1 - tolerance) + 1e-6)))
          }
          const sizeAt = (end: number) => service.sizes.findLast(({ at }) => at < end)!.size
          right(first, sizeAt(longest))
          right(then, sizeAt(2 * longest))
          service.until(3 * longest, 2 * longest)
          expect(sizeAt(3 * longest)).toBe(sizeAt(2 * longest))
        },
      ),
      seeded,
    )
  })
})
