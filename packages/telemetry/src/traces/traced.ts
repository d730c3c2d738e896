import { demand } from '@holdfast/policy'
import type { Attributes, Span, Tracer } from '@opentelemetry/api'
import { api, currentTracer } from './api.ts'
import { errorType } from './error-type.ts'

/** What a span is to others, as OpenTelemetry has it. */
export type SpanRole = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export interface TracedOptions<A extends readonly unknown[]> {
  /** `internal` by default. */
  readonly kind?: SpanRole
  /** What each span says about its call: names and numbers, never a secret. A function is given the arguments. */
  readonly attributes?: Attributes | ((...args: A) => Attributes)
}

const ROLES: readonly SpanRole[] = ['internal', 'server', 'client', 'producer', 'consumer']
/** The status of a span that failed, in OpenTelemetry. */
const ERROR = 2

/**
 * The same function, with a span of that name around each call, on the tracer that is registered with `@opentelemetry/api`.
 *
 * The span ends when the function returns, or when its promise settles. A failure makes it one, and leaves `error.type` on it: the error's `code`
 * or name, not its message. The function gets and gives what it always did. With no SDK registered there is no span, and it costs next to nothing;
 * nor is there one inside a local span that is not recorded.
 */
export function traced<A extends unknown[], R>(
  name: string,
  fn: (...args: A) => R,
  options: TracedOptions<A> = {},
): (...args: A) => R {
  check(name, fn, options)
  return function (this: unknown, ...args: A): R {
    const tracer = currentTracer()
    if (tracer === undefined) return fn.apply(this, args)
    return inSpan(tracer, name, options, () => fn.apply(this, args), args)
  }
}

function check(name: unknown, fn: unknown, options: object): void {
  demand(typeof name === 'string' && name !== '', 'traced: name', name, 'a text')
  demand(typeof fn === 'function', 'traced: fn', fn, 'a function')
  const ok = typeof options === 'object' && options !== null
  demand(ok, 'traced: options', options, 'an object with any of kind, attributes')
  for (const [option, value] of Object.entries(options)) {
    demand(
      /^(kind|attributes)$/.test(option),
      `traced.${option}`,
      value,
      'left out; there is kind, attributes',
    )
  }
  const { kind = 'internal' } = options as { kind?: SpanRole }
  demand(ROLES.includes(kind), 'traced.kind', kind, `one of ${ROLES.join(', ')}`)
}

function inSpan<A extends readonly unknown[], R>(
  tracer: Tracer,
  name: string,
  options: TracedOptions<A>,
  call: () => R,
  args: A,
): R {
  const { context, trace } = api!
  const around = context.active()
  const outer = trace.getSpan(around)
  if (outer !== undefined && unrecorded(outer)) return call()
  const attributes = said(options, args)
  const kind = options.kind === undefined ? 0 : ROLES.indexOf(options.kind)
  const span = tracer.startSpan(name, attributes === undefined ? { kind } : { kind, attributes }, around)
  let answer: R
  try {
    answer = context.with(trace.setSpan(around, span), call)
  } catch (error) {
    failed(span, error)
    throw error
  }
  if (answer instanceof Promise) {
    answer.then(
      () => span.end(),
      (error) => failed(span, error),
    )
    return answer
  }
  if (isThenable(answer)) {
    // It may begin its work only when it is asked, and again each time: it is asked once, by this.
    return once(answer, span) as R
  }
  span.end()
  return answer
}

/** A span with this property stands for all below it: none of them is recorded. To be asked for its identity would make it one. */
export const silent = Symbol.for('holdfast.span.silent')

/** A local span that is not recorded has no children that are. */
function unrecorded(span: Span): boolean {
  if (Reflect.get(span, silent) === true) return true
  if (span.isRecording()) return false
  const { isRemote, traceFlags, traceId } = span.spanContext()
  return !isRemote && (traceFlags & 1) === 0 && /[^0]/.test(traceId)
}

function said<A extends readonly unknown[]>(
  { attributes }: TracedOptions<A>,
  args: A,
): Attributes | undefined {
  if (typeof attributes !== 'function') return attributes
  try {
    return attributes(...args)
  } catch {
    return undefined // What describes a call must not be able to break it.
  }
}

async function once(answer: PromiseLike<unknown>, span: Span): Promise<unknown> {
  try {
    const value = await answer
    span.end()
    return value
  } catch (error) {
    failed(span, error)
    throw error
  }
}

function failed(span: Span, error: unknown): void {
  const type = errorType(error)
  span.setAttribute('error.type', type)
  span.setStatus({ code: ERROR, message: type })
  span.end()
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const able = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return able && typeof (value as { readonly then?: unknown }).then === 'function'
}
