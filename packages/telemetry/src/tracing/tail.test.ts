import { type Context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LocalTracers } from './local-tracers.ts'
import { Tail, type TailOptions } from './tail.ts'
import { TraceCounts } from './trace-counts.ts'
import { TraceRing } from './trace-ring.ts'

const nothing = { waiting: 0, sent: 0, failed: 0, dropped: 0 }

/** A tail of its own, and a tracer before it; every span is sampled. */
const set = (options: Partial<TailOptions> = {}) => {
  const counts = new TraceCounts()
  const ring = new TraceRing(100, 1_000)
  const sent: ReadableSpan[] = []
  const exported = (spans: readonly ReadableSpan[]) => void sent.push(...spans)
  const rules = {
    failed: false,
    slowerThan: Infinity,
    mostOpen: 100,
    mostSpans: 100,
    mostTogether: 1_000,
    ...options,
  }
  const tail = new Tail({ ring, counts, exported, ...rules })
  const resource = emptyResource()
  const tracer = new LocalTracers({ tail, resource, lucky: () => true, keeps: false }).getTracer('tests')
  const start = (name: string, parent?: Span, startTime?: Date): Span => {
    const around: Context = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    return tracer.startSpan(name, startTime ? { startTime } : {}, around)
  }
  return { start, sent, statistics: () => counts.statistics(nothing), traces: () => [...ring.records()] }
}

describe('Tail', () => {
  it('keeps a trace when its local root ends, with all that ended before (I2, I4)', () => {
    const { start, traces, sent, statistics } = set()
    const root = start('root')
    const child = start('child', root)
    start('grandchild', child).end()
    child.end()
    expect(traces()).toEqual([])
    expect(statistics()).toMatchObject({ started: 1, open: 1, complete: 0, completionRate: 1 })
    root.end()

    expect(traces()[0]?.spans.map(({ name }) => name)).toEqual(['grandchild', 'child', 'root'])
    expect(sent).toHaveLength(3)
    expect(statistics()).toMatchObject({ started: 1, open: 0, complete: 1, kept: { sampled: 1 }, spans: 3 })
  })

  it('puts a span that ends late where its trace went, and says that the trace was not complete (I4)', () => {
    const { start, traces, sent, statistics } = set()
    const root = start('root')
    const late = start('late', root)
    root.end()
    const later = start('later', late)
    late.end()
    later.end()

    expect(traces()).toHaveLength(1)
    expect(traces()[0]?.spans.map(({ name }) => name)).toEqual(['root', 'late', 'later'])
    expect(sent).toHaveLength(3)
    expect(statistics()).toMatchObject({ complete: 0, incomplete: 1, completionRate: 0 })
  })

  it('begins a trace of its own for each request, though they come from the same one (I1)', () => {
    const { start, traces } = set()
    const remote = trace.wrapSpanContext({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      traceFlags: 1,
      isRemote: true,
    })
    const [one, two] = [start('one', remote), start('two', remote)]
    start('of one', one).end()
    start('of two', two).end()
    two.end()
    one.end()

    expect(traces().map(({ spans }) => spans.map(({ name }) => name))).toEqual([
      ['of one', 'one'],
      ['of two', 'two'],
    ])
  })

  it('gives up the oldest when too many are open (I3)', () => {
    const { start, traces, statistics } = set({ mostOpen: 2 })
    const [first, second, third] = [start('1'), start('2'), start('3')]
    const child = start('of first', first)
    for (const span of [child, first, second, third]) span.end()

    expect(traces().map(({ name }) => name)).toEqual(['3', '2'])
    expect(statistics()).toMatchObject({ started: 3, open: 0, complete: 2, abandoned: 1 })
  })

  it('drops spans that are too many, never the root (I3)', () => {
    const { start, traces, statistics } = set({ mostSpans: 3 })
    const root = start('root')
    for (let n = 0; n < 5; n++) start(`${n}`, root).end()
    root.end()
    start('late', root).end()

    expect(traces()[0]).toMatchObject({ dropped: 4, spans: [{ name: '0' }, { name: '1' }, { name: 'root' }] })
    expect(statistics().droppedSpans).toBe(4)
  })

  it('drops spans that are too many for all open traces together, until one is over (I3)', () => {
    const { start, traces, statistics } = set({ mostTogether: 3 })
    const [one, two] = [start('one'), start('two')]
    for (const root of [one, two, one, two]) start('child', root).end()
    two.end()
    start('child', one).end()
    one.end()

    expect(traces().map(({ name, spans, dropped }) => [name, spans.length, dropped])).toEqual([
      ['one', 4, 0],
      ['two', 2, 1],
    ])
    expect(statistics().droppedSpans).toBe(1)
  })

  it('keeps its invariants whatever begins and ends in whatever order (I3, I5)', () => {
    const step = fc.record({ at: fc.nat(30), does: fc.constantFrom('root', 'child', 'end') })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { start, statistics, traces, sent } = set({ mostOpen: 3, mostSpans: 4 })
        const spans: Span[] = []
        for (const { at, does } of steps) {
          const some = spans[at % Math.max(1, spans.length)]
          if (does === 'end') some?.end()
          else spans.push(start('x', does === 'child' ? some : undefined))
          const { started, open, complete, incomplete, abandoned } = statistics()
          expect(open).toBeLessThanOrEqual(3)
          expect(started).toBe(open + complete + incomplete + abandoned)
        }
        for (const span of spans) span.end()
        expect(statistics().open).toBe(0)
        expect(traces().every((each) => each.spans.length <= 4)).toBe(true)
        expect(sent).toHaveLength(traces().reduce((sum, each) => sum + each.spans.length, 0))
        expect(new Set(sent).size).toBe(sent.length)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('counts how long spans took, in seconds', () => {
    const { start, statistics } = set()
    const began = new Date(1_000_000)
    start('x', undefined, began).end(new Date(1_000_020))
    start('x', undefined, began).end(new Date(1_400_000))
    const { bounds, buckets, sum, count } = statistics().durations

    expect([sum, count]).toEqual([400.02, 2])
    expect(buckets[bounds.indexOf(0.01)]).toBe(0)
    expect(buckets[bounds.indexOf(0.025)]).toBe(1)
    expect(buckets.at(-1)).toBe(1)
  })
})
