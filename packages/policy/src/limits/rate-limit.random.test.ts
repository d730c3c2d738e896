import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock, seededRandom } from '../testing/index.ts'
import { rateLimit } from './rate-limit.ts'

const algorithm = fc.constantFrom('token-bucket' as const, 'sliding-window' as const)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      is: fc.constant('call' as const),
      priority: fc.integer({ min: -1, max: 1 }),
      deadline: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('abort' as const), which: fc.nat() }) },
  {
    weight: 5,
    arbitrary: fc.record({ is: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 90 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 200 }) }),
  },
)

const life = fc.record({
  algorithm,
  limit: fc.integer({ min: 1, max: 4 }),
  maxWait: fc.constantFrom(150, Infinity),
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
})

describe('rateLimit', () => {
  it('never lets more go than its limit, loses nobody and leaves no timer, in any life', async () => {
    const property = fc.asyncProperty(life, async ({ algorithm, limit, maxWait, steps }) => {
      const clock = fakeClock()
      const [per, queue] = [100, 3]
      const own = rateLimit({ limit, per, algorithm, queue, maxWait, clock })
      const ask = wrap(own)
      const went: number[] = []
      const callers: AbortController[] = []
      let [settled, rejected, pausedUntil] = [0, 0, 0]
      for (const each of steps) {
        if (each.is === 'advance') await clock.advance(each.ms)
        else if (each.is === 'abort') callers[each.which % callers.length]?.abort('left')
        else if (each.is === 'pause') {
          own.pause(each.ms)
          pausedUntil = Math.max(pausedUntil, clock.now() + each.ms)
        } else {
          const caller = new AbortController()
          callers.push(caller)
          const deadline = each.deadline === undefined ? undefined : clock.now() + each.deadline
          ask(
            () => {
              went.push(clock.now())
              expect(clock.now(), 'turnstile I1').toBeGreaterThanOrEqual(pausedUntil)
            },
            { signal: caller.signal, deadline, priority: each.priority },
          ).then(
            () => settled++,
            (error) => {
              settled++
              if (error?.code === 'RATE_LIMITED') rejected++
            },
          )
        }
        expect(own.status().waiting).toBeLessThanOrEqual(queue)
      }
      await clock.advance(10_000)

      const { full, waited, outranked } = own.status().rejected
      expect(settled).toBe(callers.length)
      // Whoever is turned away and leaves in the same moment has left.
      expect(full + waited + outranked).toBeGreaterThanOrEqual(rejected)
      expect([own.status().waiting, clock.pending], 'turnstile I2').toEqual([0, 0])
      went.forEach((from, first) => {
        went.slice(first).forEach((to, n) => {
          if (algorithm === 'sliding-window' && to - from < per) expect(n + 1).toBeLessThanOrEqual(limit)
          expect(n + 1).toBeLessThanOrEqual(limit + ((to - from) * limit) / per + 1e-9)
        })
      })
    })
    await fc.assert(property, { seed: 1, numRuns: 200 })
  })

  it('lets a call go that is made exactly when the error says, whatever the numbers', async () => {
    const numbers = fc.record({ algorithm, limit: fc.integer({ min: 1, max: 9 }), seed: fc.nat() })
    const property = fc.asyncProperty(numbers, async ({ algorithm, limit, seed }) => {
      const random = seededRandom(seed)
      const [start, per, later] = [random() * 10, random() * 1_000, random() * random()]
      let now = start
      const clock = { now: () => now, after: () => () => {} }
      const ask = wrap(rateLimit({ limit, per, algorithm, clock }))
      for (let n = 0; n < limit; n++) await ask(() => n)
      now += (per / limit) * later
      const outcome = await ask.attempt(() => 'too early')
      if (outcome.ok) return
      now += (outcome.error as { retryAfter: number }).retryAfter

      expect(await ask(() => 'true')).toBe('true')
    })
    await fc.assert(property, { seed: 1, numRuns: 1_000 })
  })
})
