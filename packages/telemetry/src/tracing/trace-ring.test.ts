import { ROOT_CONTEXT } from '@opentelemetry/api'
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Kept, TraceRing, type TracesAsked } from './trace-ring.ts'

const tracer = new TracerProvider().getTracer('tests')
const span = (name: string): ReadableSpan => {
  const made = tracer.startSpan(name, {}, ROOT_CONTEXT)
  made.end()
  return made as unknown as ReadableSpan
}
const kept = (name: string, count = 1): Kept => {
  const spans = Array.from({ length: count }, () => span(name))
  return { root: spans[0]!, because: 'sampled', spans, dropped: 0, place: -1 }
}
const names = (ring: TraceRing, asked?: TracesAsked) => [...ring.records(asked)].map(({ name }) => name)

describe('TraceRing', () => {
  it('holds the last ones, the latest first (I1, I2)', () => {
    const ring = new TraceRing(2, 100)
    for (const name of ['a', 'b', 'c']) ring.add(kept(name))

    expect(names(ring)).toEqual(['c', 'b'])
  })

  it('holds fewer if they are long, but always one (I1)', () => {
    const ring = new TraceRing(10, 4)
    for (const name of ['a', 'b', 'c']) ring.add(kept(name, 2))
    expect(names(ring)).toEqual(['c', 'b'])
    ring.add(kept('long', 9))

    expect(names(ring)).toEqual(['long'])
  })

  it('lets go of old ones when a trace grows, and bears one that grows when it is gone', () => {
    const ring = new TraceRing(10, 3)
    const [first, second] = [kept('a'), kept('b')]
    ring.add(first)
    ring.add(second)
    ring.grow(second, span('late'))
    expect(names(ring)).toEqual(['b', 'a'])
    ring.grow(second, span('late'))
    ring.grow(first, span('later still'))

    expect(names(ring)).toEqual(['b'])
  })

  it('lists the latest, or those of one trace', () => {
    const ring = new TraceRing(10, 100)
    const [b, c] = [kept('b'), kept('c')]
    for (const each of [kept('a'), b, c]) ring.add(each)
    const { traceId } = b.root.spanContext()

    expect(names(ring, { most: 2 })).toEqual(['c', 'b'])
    expect(names(ring, { id: traceId })).toEqual(['b'])
    expect(names(ring, { id: 'gone' })).toEqual([])
  })

  it('never holds more than it may (I1)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 }), (counts) => {
        const ring = new TraceRing(5, 12)
        for (const count of counts) ring.add(kept('x', count))
        const held = [...ring.records()]
        const spans = held.reduce((sum, each) => sum + each.spans.length, 0)
        expect(held.length).toBeLessThanOrEqual(5)
        expect(held.length <= 1 || spans <= 12).toBe(true)
        expect(held.length > 0).toBe(counts.length > 0)
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
