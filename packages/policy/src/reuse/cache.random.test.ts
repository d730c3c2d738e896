import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { cache } from './cache.ts'

const TERMS = { ttl: 100, staleWhileRevalidate: 50, staleIfError: 200 }

interface Value {
  readonly key: string
  /** When the work that made it was called: the number of the step. */
  readonly begun: number
  readonly made: number
}

const step = fc.record({
  does: fc.constantFrom(
    'call',
    'call',
    'call',
    'leave',
    'end',
    'end',
    'fail',
    'advance',
    'advance',
    'invalidate',
    'clear',
  ),
  key: fc.constantFrom('a', 'b'),
  at: fc.nat(120),
})

describe('cache', () => {
  it('keeps its invariants whatever happens in whatever order (I1 to I5)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const clock = fakeClock()
        const keep = cache({ ...TERMS, clock })
        const ask = wrap(keep)
        const flights: {
          key: string
          signal: AbortSignal
          begun: number
          end: PromiseWithResolvers<Value>
        }[] = []
        const dropped: Record<string, number> = { a: -1, b: -1 }
        const open: AbortController[] = []
        let calls = 0
        let unhandled = 0
        const count = () => {
          unhandled++
        }
        process.on('unhandledRejection', count)
        for (const [n, { does, key, at }] of steps.entries()) {
          const flight = flights[at % Math.max(1, flights.length)]
          if (does === 'call') {
            calls++
            const caller = new AbortController()
            open.push(caller)
            const [since, begun] = [dropped[key]!, clock.now()]
            ask(
              ({ signal }) => {
                const end = Promise.withResolvers<Value>()
                flights.push({ key, signal, begun: n, end })
                return end.promise
              },
              { key, signal: caller.signal },
            ).then(
              (value) => {
                expect(value.key).toBe(key)
                expect(value.begun, 'I2').toBeGreaterThan(since)
                expect(clock.now() - Math.max(value.made, begun)).toBeLessThan(TERMS.ttl + TERMS.staleIfError)
              },
              (error) => {
                const left = caller.signal.aborted && error === caller.signal.reason
                expect(left || /^down/.test(error), 'I3, I4').toBe(true)
              },
            )
          } else if (does === 'leave') open[at % Math.max(1, open.length)]?.abort('bye')
          else if (does === 'advance') await clock.advance(at)
          else if (does === 'invalidate') {
            keep.invalidate(key)
            dropped[key] = n
          } else if (does === 'clear') {
            keep.clear()
            dropped['a'] = dropped['b'] = n
          } else if (flight !== undefined) {
            flights.splice(flights.indexOf(flight), 1)
            if (does === 'fail') flight.end.reject(`down ${n}`)
            else flight.end.resolve({ key: flight.key, begun: flight.begun, made: clock.now() })
          }
          await clock.advance(0)
          const { hits, staleHits, misses, inFlight, size } = keep.status()
          expect(hits + staleHits + misses, 'I5').toBe(calls)
          const current = flights.filter((each) => !each.signal.aborted && each.begun > dropped[each.key]!)
          expect(inFlight, 'I1').toBe(new Set(current.map((each) => each.key)).size)
          expect(inFlight, 'I1').toBe(current.length)
          expect(size).toBeLessThanOrEqual(2)
        }
        for (const caller of open) caller.abort('bye')
        await clock.advance(TERMS.staleWhileRevalidate)
        expect(keep.status().inFlight, 'I4').toBe(0)
        expect(clock.pending, 'I4').toBe(0)
        process.off('unhandledRejection', count)
        expect(unhandled, 'I4').toBe(0)
      }),
      { seed: 1, numRuns: 100 },
    )
  })
})
