import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Run } from '../pipeline/run.ts'
import type { Stage } from '../pipeline/stage.ts'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { bulkhead } from './bulkhead.ts'

type Step =
  | { is: 'call'; priority: number; key: string; deadline: number | undefined; broken: boolean }
  | { is: 'settle'; which: number; ok: boolean }
  | { is: 'abort'; which: number }
  | { is: 'resize'; limit: number }
  | { is: 'advance'; ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      is: fc.constant('call' as const),
      priority: fc.integer({ min: -1, max: 1 }),
      key: fc.constantFrom('a', 'b', 'c'),
      deadline: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
      broken: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ is: fc.constant('settle' as const), which: fc.nat(), ok: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('abort' as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant('resize' as const), limit: fc.integer({ min: 0, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ is: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 30 }) }),
  },
)

/** A life of one bulkhead; several steps may happen in one turn of the event loop. After each the numbered invariants must hold. */
async function live(steps: readonly Step[], perKey: boolean): Promise<void> {
  const clock = fakeClock()
  const [queue, keys] = [2, perKey ? 3 : 1]
  const own = bulkhead({ limit: 2, queue, maxWait: 25, perKey, maxKeys: 2, clock })
  let inside = 0
  const within: Stage = {
    name: 'within',
    enter(run: Run) {
      if (run.options?.operation === 'broken') throw 'broken'
      inside++
      return undefined
    },
    leave() {
      inside--
      return undefined
    },
  }
  const ask = wrap(timeout(40, { clock }), own, within)
  const works: PromiseWithResolvers<void>[] = []
  const callers: AbortController[] = []
  let [begun, settled, rejected] = [0, 0, 0]
  let before = own.status()

  const act = async (each: Step) => {
    if (each.is === 'call') {
      const caller = new AbortController()
      const work = Promise.withResolvers<void>()
      work.promise.catch(() => {})
      works.push(work)
      callers.push(caller)
      begun++
      const { signal } = caller
      const deadline = each.deadline === undefined ? undefined : clock.now() + each.deadline
      const operation = each.broken ? 'broken' : undefined
      ask(() => work.promise, { signal, deadline, operation, priority: each.priority, key: each.key }).then(
        () => settled++,
        (error) => {
          settled++
          if (error?.code === 'BULKHEAD_FULL') rejected++
        },
      )
    } else if (each.is === 'settle') {
      const work = works[each.which % works.length]
      if (each.ok) work?.resolve()
      else work?.reject('down')
    } else if (each.is === 'abort') callers[each.which % callers.length]?.abort('left')
    else if (each.is === 'resize') own.resize(each.limit)
    else await clock.advance(each.ms)
  }

  for (const each of steps) {
    await act(each)
    const now = own.status()
    expect(now.inFlight, 'I1').toBeLessThanOrEqual(Math.max(now.limit * keys, before.inFlight))
    expect(now.waiting, 'room I1').toBeLessThanOrEqual(queue * keys)
    if (!perKey && now.waiting > 0) expect(now.inFlight, 'I3').toBeGreaterThanOrEqual(now.limit)
    if (perKey) expect(now.keys, 'compartments I3').toBeLessThanOrEqual(2)
    if (each.is === 'advance') expect(inside, 'I2').toBeLessThanOrEqual(now.inFlight)
    before = now
  }
  own.resize(4)
  for (const work of works) work.resolve()
  await clock.advance(0)
  await clock.advance(0)

  const { full, waited, outranked } = own.status().rejected
  expect(own.status(), 'I2').toMatchObject({ inFlight: 0, waiting: 0, ...(perKey ? { keys: 0 } : {}) })
  expect([inside, settled]).toEqual([0, begun])
  // Whoever is turned away and leaves in the same moment has left.
  expect(full + waited + outranked).toBeGreaterThanOrEqual(rejected)
  expect(clock.pending).toBe(0)
}

describe('bulkhead', () => {
  it.each([[false], [true]])('holds its invariants in any life, per key: %s', async (perKey) => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) =>
      live(steps, perKey),
    )
    await fc.assert(property, { seed: 1, numRuns: 150 })
  })
})
