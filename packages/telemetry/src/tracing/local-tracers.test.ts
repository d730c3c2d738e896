import { createTraceState, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { emptyResource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { LocalTracers } from './local-tracers.ts'
import { Tail } from './tail.ts'
import { TraceCounts } from './trace-counts.ts'
import { TraceRing } from './trace-ring.ts'

/** Tracers that sample half of what begins here: whenever chance is below 0.5. */
const set = (chances: readonly number[], keeps = false) => {
  let at = 0
  const sent: ReadableSpan[] = []
  const tail = new Tail({
    ring: new TraceRing(100, 1_000),
    counts: new TraceCounts(),
    exported: (spans) => void sent.push(...spans),
    failed: keeps,
    slowerThan: Infinity,
    mostOpen: 100,
    mostSpans: 100,
    mostTogether: 1_000,
  })
  const lucky = () => chances[at++]! < 0.5
  const tracers = new LocalTracers({ tail, resource: emptyResource(), lucky, keeps })
  return { tracers, tracer: tracers.getTracer('tests', '1.0.0'), sent, asked: () => at }
}
const below = (span: Span) => trace.setSpan(ROOT_CONTEXT, span)
const remote = (traceFlags: number) =>
  trace.wrapSpanContext({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    traceFlags,
    isRemote: true,
    traceState: createTraceState('congo=1'),
  })

describe('LocalTracers', () => {
  it('decides where a trace begins, once', () => {
    const { tracer, asked } = set([0.49, 0.5])
    const lucky = tracer.startSpan('lucky', {}, ROOT_CONTEXT)
    const unlucky = tracer.startSpan('unlucky', {}, ROOT_CONTEXT)

    expect([lucky.isRecording(), unlucky.isRecording()]).toEqual([true, false])
    expect(tracer.startSpan('child', {}, below(lucky)).isRecording()).toBe(true)
    expect(tracer.startSpan('child', {}, below(unlucky))).toBe(unlucky)
    expect(asked()).toBe(2)
  })

  it('records what it may keep, and says to others that it is not sampled', () => {
    const { tracer, sent } = set([0.9, 0.9], true)
    const fine = tracer.startSpan('fine', {}, ROOT_CONTEXT)
    const bad = tracer.startSpan('bad', {}, ROOT_CONTEXT)
    const child = tracer.startSpan('child', {}, below(bad))
    child.setStatus({ code: 2 })
    for (const span of [fine, child, bad]) span.end()

    expect([fine, bad, child].map((span) => span.spanContext().traceFlags)).toEqual([0, 0, 0])
    expect(sent.map(({ name }) => name)).toEqual(['child', 'bad'])
    expect(sent[0]?.parentSpanContext).toBe(bad.spanContext())
    expect(tracer.startSpan('x', {}, below(remote(0))).isRecording()).toBe(true)
  })

  it('knows a span of its own by its identity, whoever hands it on', () => {
    const { tracer, sent, asked } = set([0])
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT)
    const child = tracer.startSpan('child', {}, trace.setSpanContext(ROOT_CONTEXT, root.spanContext()))
    child.end()
    expect(sent).toEqual([])
    root.end()

    expect(sent.map(({ name }) => name)).toEqual(['child', 'root'])
    expect(asked()).toBe(1)
  })

  it('has one tracer for each name and version, which its spans tell', () => {
    const { tracers, tracer, sent } = set([0])
    tracer.startSpan('x', {}, ROOT_CONTEXT).end()

    expect(tracers.getTracer('tests', '1.0.0')).toBe(tracer)
    expect(tracers.getTracer('tests')).not.toBe(tracer)
    expect(sent[0]?.instrumentationScope).toEqual({ name: 'tests', version: '1.0.0' })
  })

  it('heeds what the sender decided', () => {
    const { tracer, asked } = set([])
    const of = (flags: number) => tracer.startSpan('x', {}, below(remote(flags)))

    expect([of(1).isRecording(), of(0).isRecording()]).toEqual([true, false])
    expect(of(0).spanContext()).toMatchObject({ traceId: remote(0).spanContext().traceId, traceFlags: 0 })
    expect(of(0).spanContext().spanId).not.toBe(remote(0).spanContext().spanId)
    expect(of(0).spanContext().traceState?.serialize()).toBe('congo=1')
    expect(asked()).toBe(0)
  })

  it('begins anew where that is asked for, or where the parent is none', () => {
    const { tracer } = set([0, 0.9, 0])
    const root = tracer.startSpan('root', { root: true }, below(remote(0)))
    const other = tracer.startSpan('x', { root: true }, below(root))
    const invalid = trace.wrapSpanContext({ traceId: 'x', spanId: 'y', traceFlags: 0 })

    expect(root.spanContext().traceId).not.toBe(remote(0).spanContext().traceId)
    expect([root.isRecording(), other.isRecording()]).toEqual([true, false])
    expect(tracer.startSpan('x', {}, below(invalid)).isRecording()).toBe(true)
  })

  it('has no span where tracing is suppressed', () => {
    const { tracer } = set([0, 0])
    const span = tracer.startSpan('x', {}, suppressTracing(ROOT_CONTEXT))

    expect(trace.isSpanContextValid(span.spanContext())).toBe(false)
  })

  it('makes spans active in every way the API knows', () => {
    const { tracer } = set([0, 0.9, 0.9])
    const answers = [
      tracer.startActiveSpan('x', (span) => span.isRecording()),
      tracer.startActiveSpan('x', { kind: 1 }, (span) => span.isRecording()),
      tracer.startActiveSpan('x', {}, ROOT_CONTEXT, (span) => span.isRecording()),
    ]

    expect(answers).toEqual([true, false, false])
  })

  it('gives what is not recorded an identity that stays, and bears all that is done to it', () => {
    const span = set([0.9]).tracer.startSpan('x', {}, ROOT_CONTEXT)
    const same = span
      .setAttribute('a', 1)
      .setAttributes({})
      .addEvent('x')
      .addLink({ context: remote(1).spanContext() })
      .addLinks([])
      .setStatus({ code: 2 })
      .updateName('y')
    span.recordException(new Error('x'))
    span.end()

    expect(same).toBe(span)
    expect(span.spanContext()).toBe(span.spanContext())
    expect(trace.isSpanContextValid(span.spanContext())).toBe(true)
  })
})
