import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { type InstrumentationScope, isTracingSuppressed } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import { Place, placeOf } from './local-trace.ts'
import { type Origin, RecordedSpan } from './recorded-span.ts'
import type { Tail } from './tail.ts'
import { UnrecordedSpan } from './unrecorded-span.ts'

export interface LocalTracersOptions {
  readonly tail: Tail
  readonly resource: Resource
  /** Decides of a trace that begins here whether it is sampled. */
  readonly lucky: () => boolean
  /** Whether what is not sampled is recorded all the same, since it may be kept. */
  readonly keeps: boolean
}

/**
 * Decides where a trace begins whether it is sampled; what a trace is, once it has begun, is heeded.
 *
 * What is sampled, or may be kept, is recorded. Everything below a span that is not is that span.
 */
export class LocalTracers implements TracerProvider {
  readonly #options: LocalTracersOptions
  readonly #tracers = new Map<string, LocalTracer>()

  constructor(options: LocalTracersOptions) {
    this.#options = options
  }

  getTracer(name: string, version = '', options?: { readonly schemaUrl?: string }): Tracer {
    const { schemaUrl = '' } = options ?? {}
    const key = JSON.stringify([name, version, schemaUrl])
    let found = this.#tracers.get(key)
    if (found === undefined) {
      const scope = { name, ...(version && { version }), ...(schemaUrl && { schemaUrl }) }
      found = new LocalTracer(scope, this.#options)
      this.#tracers.set(key, found)
    }
    return found
  }
}

class LocalTracer implements Tracer {
  readonly #options: LocalTracersOptions
  readonly #origin: Origin

  constructor(scope: InstrumentationScope, options: LocalTracersOptions) {
    const { tail, resource } = options
    this.#options = options
    this.#origin = { scope, resource, ended: (span) => tail.ended(span) }
  }

  startSpan(name: string, options?: SpanOptions, around: Context = context.active()): Span {
    // Most traces begin where there is nothing to look for.
    if (around === ROOT_CONTEXT) return this.#begin(name, options, { around, above: undefined })
    const parent = options?.root === true ? undefined : trace.getSpan(around)
    if (parent instanceof UnrecordedSpan) return parent
    if (isTracingSuppressed(around)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
    if (parent instanceof RecordedSpan) return this.#below(name, options, parent.place)
    const above = valid(parent?.spanContext())
    const place = above && placeOf<RecordedSpan>(above)
    return place ? this.#below(name, options, place) : this.#begin(name, options, { around, above })
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: SpanOptions, fn: F): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    around: Context,
    fn: F,
  ): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    const fn = rest.pop() as F
    const [options, around = context.active()] = rest as [SpanOptions?, Context?]
    const span = this.startSpan(name, options, around)
    return context.with(trace.setSpan(around, span), fn as never, undefined, span) as ReturnType<F>
  }

  /** A local root: where a trace begins, or comes in. */
  #begin(name: string, options: SpanOptions | undefined, { around, above }: Surroundings): Span {
    const { lucky, keeps, tail } = this.#options
    const sampled = above === undefined ? lucky() : (above.traceFlags & 1) === 1
    if (!sampled && !keeps) return new UnrecordedSpan(around, above)
    const { root: place } = tail.begin(sampled, above)
    return new RecordedSpan({ origin: this.#origin, place, parent: above, name, options })
  }

  #below(name: string, options: SpanOptions | undefined, parent: Place<RecordedSpan>): Span {
    const { trace: local } = parent
    local.running++
    return new RecordedSpan({ origin: this.#origin, place: new Place(local), parent, name, options })
  }
}

interface Surroundings {
  readonly around: Context
  readonly above: SpanContext | undefined
}

function valid(identity: SpanContext | undefined): SpanContext | undefined {
  return identity !== undefined && trace.isSpanContextValid(identity) ? identity : undefined
}
