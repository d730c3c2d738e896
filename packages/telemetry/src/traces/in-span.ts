import type { Context, Span, SpanOptions, Tracer } from '@opentelemetry/api'
import { api } from './api.ts'
import { errorType } from './error-type.ts'
import { InsideEndingSpan } from './inside-span.ts'

/** What a span is to be. */
export interface Beginning {
  readonly name: string
  readonly options: SpanOptions
  /** What an answer failed with that is a value, if it did. */
  readonly failure?: ((answer: unknown) => { readonly error: unknown } | undefined) | undefined
}

/** The status of a span that failed, in OpenTelemetry. */
const ERROR = 2

/**
 * Under this symbol, a span that stands for all below it has the context in which it is the active one: none of them is recorded, nor ends.
 *
 * To be asked for its identity would make it one.
 */
export const silent = Symbol.for('holdfast.span.silent')

interface Silent {
  readonly [silent]?: Context
}

/** Runs `call` in a span of its own, which ends with it; inside a local span that is not recorded, there is none. */
export function inSpan<R>(tracer: Tracer, beginning: Beginning, call: () => R): R {
  const { context, trace } = api!
  const around = context.active()
  const outer = trace.getSpan(around)
  if (outer !== undefined && isUnrecorded(outer)) return call()
  const span = tracer.startSpan(beginning.name, beginning.options, around)
  const quiet = (span as Silent)[silent]
  if (quiet !== undefined) return context.with(quiet, call)
  let answer: R
  try {
    answer = context.with(new InsideEndingSpan(around, span), call)
  } catch (error) {
    fail(span, error)
    throw error
  }
  return ended(span, answer, beginning)
}

/** The answer, of which the end is the end of the span. */
function ended<R>(span: Span, answer: R, beginning: Beginning): R {
  if (answer instanceof Promise) {
    answer.then(
      (value) => settle(span, value, beginning),
      (error) => fail(span, error),
    )
    return answer
  }
  // It may begin its work only when it is asked, and again each time: it is asked once, by this.
  if (isThenable(answer)) return once(answer, span) as R
  span.end()
  return answer
}

/** The context in which the span is the active one. */
export function insideOf(span: Span, around: Context): Context {
  return (span as Silent)[silent] ?? new InsideEndingSpan(around, span)
}

/** A local span that is not recorded has no children that are. */
export function isUnrecorded(span: Span): boolean {
  if ((span as Silent)[silent] !== undefined) return true
  if (span.isRecording()) return false
  const { isRemote, traceFlags, traceId } = span.spanContext()
  return !isRemote && (traceFlags & 1) === 0 && /[^0]/.test(traceId)
}

async function once(answer: PromiseLike<unknown>, span: Span): Promise<unknown> {
  try {
    const value = await answer
    span.end()
    return value
  } catch (error) {
    fail(span, error)
    throw error
  }
}

function settle(span: Span, value: unknown, { failure }: Beginning): void {
  const failed = failure?.(value)
  if (failed === undefined) span.end()
  else fail(span, failed.error)
}

/** Ends a span with a failure; `known` is what kind of one it is, where that is known better than the error says. */
export function fail(span: Span, error: unknown, known?: unknown): void {
  const type = typeof known === 'string' ? known : errorType(error)
  span.setAttribute('error.type', type)
  span.setStatus({ code: ERROR, message: type })
  span.end()
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const able = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return able && typeof (value as { readonly then?: unknown }).then === 'function'
}
