import { createTraceState, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { headSampling } from './head-tracer.ts'

/** A tracer that samples half of what begins here: whenever chance is below 0.5. */
const set = (...chances: number[]) => {
  let at = 0
  const sdk = new TracerProvider()
  const tracer = headSampling(sdk, 0.5, () => chances[at++]!).getTracer('tests', '1.0.0')
  return { tracer, asked: () => at }
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

describe('headSampling', () => {
  it('decides where a trace begins, once', () => {
    const { tracer, asked } = set(0.49, 0.5)
    const lucky = tracer.startSpan('lucky', {}, ROOT_CONTEXT)
    const unlucky = tracer.startSpan('unlucky', {}, ROOT_CONTEXT)

    expect([lucky.isRecording(), unlucky.isRecording()]).toEqual([true, false])
    expect(tracer.startSpan('child', {}, below(lucky)).isRecording()).toBe(true)
    expect(tracer.startSpan('child', {}, below(unlucky))).toBe(unlucky)
    expect(asked()).toBe(2)
    expect((lucky as unknown as ReadableSpan).instrumentationScope).toMatchObject({ version: '1.0.0' })
  })

  it('heeds what the sender decided', () => {
    const { tracer, asked } = set()
    const of = (flags: number) => tracer.startSpan('x', {}, below(remote(flags)))

    expect([of(1).isRecording(), of(0).isRecording()]).toEqual([true, false])
    expect(of(0).spanContext()).toMatchObject({ traceId: remote(0).spanContext().traceId, traceFlags: 0 })
    expect(of(0).spanContext().spanId).not.toBe(remote(0).spanContext().spanId)
    expect(of(0).spanContext().traceState?.serialize()).toBe('congo=1')
    expect(asked()).toBe(0)
  })

  it('begins anew where that is asked for, or where the parent is none', () => {
    const { tracer } = set(0, 0.9, 0)
    const root = tracer.startSpan('root', { root: true }, below(remote(0)))
    const other = tracer.startSpan('x', { root: true }, below(root))
    const invalid = trace.wrapSpanContext({ traceId: 'x', spanId: 'y', traceFlags: 0 })

    expect(root.spanContext().traceId).not.toBe(remote(0).spanContext().traceId)
    expect([root.isRecording(), other.isRecording()]).toEqual([true, false])
    expect(tracer.startSpan('x', {}, below(invalid)).isRecording()).toBe(true)
  })

  it('has no span where tracing is suppressed', () => {
    const { tracer } = set(0, 0)
    const span = tracer.startSpan('x', {}, suppressTracing(ROOT_CONTEXT))

    expect(trace.isSpanContextValid(span.spanContext())).toBe(false)
  })

  it('makes spans active in every way the API knows', () => {
    const { tracer } = set(0, 0.9, 0.9)
    const answers = [
      tracer.startActiveSpan('x', (span) => span.isRecording()),
      tracer.startActiveSpan('x', { kind: 1 }, (span) => span.isRecording()),
      tracer.startActiveSpan('x', {}, ROOT_CONTEXT, (span) => span.isRecording()),
    ]

    expect(answers).toEqual([true, false, false])
  })

  it('gives what is not recorded an identity that stays, and bears all that is done to it', () => {
    const span = set(0.9).tracer.startSpan('x', {}, ROOT_CONTEXT)
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
