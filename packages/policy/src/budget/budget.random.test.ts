import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hedge } from '../hedge/hedge.ts'
import type { Work } from '../pipeline/work.ts'
import { type Decorator, type Policy, wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { type FakeClock, fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type Budget, budget } from './budget.ts'
import type { BudgetOptions } from './budget-settings.ts'
import { inFlight } from './in-flight.ts'
import { retryTokens } from './retry-tokens.ts'

/** What an attempt does, after how many ms. `stubborn` never ends; `throw` throws at once. */
const attempt = fc.record({
  does: fc.constantFrom('answer', 'fail', 'refuse', 'obey', 'stubborn', 'throw'),
  ms: fc.nat(30),
})
type Attempt = typeof attempt extends fc.Arbitrary<infer A> ? A : never

const call = fc.record({
  at: fc.nat(60),
  leaves: fc.option(fc.nat(60)),
  attempts: fc.array(attempt, { minLength: 1, maxLength: 4 }),
})

const segment: Decorator = (work) => (own) => work(own)

/** Ways to pass one budget. */
const ways: Record<string, (clock: FakeClock, own: Budget) => Policy[]> = {
  retry: (clock, own) => [timeout(80, { clock }), again(clock, own)],
  hedge: (clock, own) => [timeout(80, { clock }), beside(clock, own)],
  'hedge in retry': (clock, own) => [timeout(80, { clock }), again(clock, own), beside(clock, own)],
  'retry in hedge': (clock, own) => [timeout(80, { clock }), beside(clock, own), again(clock, own)],
  'timeout inside': (clock, own) => [
    timeout(80, { clock }),
    again(clock, own),
    timeout(9, { clock }),
    beside(clock, own),
  ],
  'another retry around': (clock, own) => [
    timeout(80, { clock }),
    retry({ clock, attempts: 2, backoff: [3] }),
    segment,
    again(clock, own),
    again(clock, own),
    beside(clock, own),
  ],
}

function again(clock: FakeClock, own: Budget) {
  const when = (error: unknown) => {
    if (error === 'throw') throw new Error('bug in when')
    return true
  }
  return retry({ clock, attempts: 3, backoff: [0, 7], budget: own, when })
}

function beside(clock: FakeClock, own: Budget) {
  return hedge({ delay: 5, max: 2, budget: own, clock })
}

/** Work whose attempts do as they are told, the last of them over and over. */
function work(clock: FakeClock, attempts: readonly Attempt[], began: () => void): Work<string> {
  let turn = 0
  return ({ signal }) => {
    began()
    const { does, ms } = attempts[Math.min(turn++, attempts.length - 1)]!
    if (does === 'throw') throw 'throw'
    return new Promise((resolve, reject) => {
      if (does === 'answer') clock.after(ms, () => resolve('answer'))
      else if (does !== 'stubborn') {
        if (does === 'obey') signal.addEventListener('abort', () => reject(signal.reason))
        clock.after(ms, () => reject(Object.assign(new Error(does), { retryable: does !== 'refuse' })))
      }
    })
  }
}

describe('a budget', () => {
  it.each(
    Object.keys(ways).flatMap((way) =>
      [
        { minPerSecond: 50, ratio: 0.5, window: 1_000 },
        { family: inFlight({ minConcurrent: 2 }) },
        { family: retryTokens({ maxTokens: 8, tokenRatio: 0.5 }) },
      ].map((options) => [way, options as BudgetOptions] as const),
    ),
  )(
    'passed by %s with %o ends what it begins and releases what it takes, whatever happens',
    async (way, options) => {
      await fc.assert(
        fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), async (calls) => {
          const clock = fakeClock()
          const own = budget({ ...options, clock })
          const ask = wrap(...ways[way]!(clock, own))
          let began = 0
          let settled = 0
          let most = 0
          for (const { at, leaves, attempts } of calls) {
            const caller = new AbortController()
            const start = () => {
              const count = () => {
                began++
                const usage = own.status()
                if (usage.family === 'in-flight') most = Math.max(most, usage.extra)
              }
              const done = () => settled++
              ask(work(clock, attempts, count), { signal: caller.signal }).then(done, done)
            }
            clock.after(at, start)
            if (leaves !== null) clock.after(at + leaves, () => caller.abort('left'))
          }
          await clock.advance(400)
          const usage = own.status()

          expect(settled).toBe(calls.length)
          expect(usage.calls).toBe(calls.length)
          expect(began).toBeLessThanOrEqual(
            usage.calls + usage.retries + usage.hedges + (way.startsWith('another') ? calls.length : 0),
          )
          if (usage.family === 'in-flight') expect(usage).toMatchObject({ inFlight: 0, extra: 0 })
          if (usage.family === 'tokens') expect(usage.tokens).toBeGreaterThanOrEqual(0)
          expect(most).toBeLessThanOrEqual(2)
          expect(clock.pending).toBe(0)
        }),
        { seed: 1, numRuns: 30 },
      )
    },
  )
})
