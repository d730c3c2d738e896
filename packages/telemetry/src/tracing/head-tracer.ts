import type { Random } from '@holdfast/policy'
import { spanId, traceId } from '@holdfast/policy/context'
import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { isTracingSuppressed } from '@opentelemetry/core'
import { silent } from '../traces/in-span.ts'
import { InsideSpan } from '../traces/inside-span.ts'

/**
 * A provider that decides where a trace begins whether it is sampled, and asks `provider` for spans only if it is.
 *
 * What a trace is, once it has begun, is heeded: by `provider` if it is sampled, here if it is not. A span that is not recorded has no identity until
 * somebody asks for it, which makes it several times cheaper than one of the SDK's.
 */
export function headSampling(provider: TracerProvider, ratio: number, random: Random): TracerProvider {
  return {
    getTracer: (...about) => new HeadTracer(provider.getTracer(...about), () => random() < ratio),
  }
}

class HeadTracer implements Tracer {
  readonly #tracer: Tracer
  readonly #lucky: () => boolean

  constructor(tracer: Tracer, lucky: () => boolean) {
    this.#tracer = tracer
    this.#lucky = lucky
  }

  startSpan(name: string, options?: SpanOptions, around: Context = context.active()): Span {
    let above: SpanContext | undefined
    let sampled: boolean
    // Most traces begin where there is nothing to look for.
    if (around === ROOT_CONTEXT) sampled = this.#lucky()
    else {
      const parent = options?.root === true ? undefined : trace.getSpan(around)
      if (parent instanceof Unrecorded) return parent
      above = valid(parent?.spanContext())
      sampled = above ? (above.traceFlags & 1) === 1 : isTracingSuppressed(around) || this.#lucky()
    }
    return sampled ? this.#tracer.startSpan(name, options, around) : new Unrecorded(around, above)
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
}

function valid(identity: SpanContext | undefined): SpanContext | undefined {
  return identity !== undefined && trace.isSpanContextValid(identity) ? identity : undefined
}

/** A span that is not recorded: it stands for all spans below it as well. It is its own context, which saves one. */
class Unrecorded extends InsideSpan implements Span {
  readonly #above: SpanContext | undefined
  #own: SpanContext | undefined

  /** `above`: the sender's span, if the trace came from elsewhere. */
  constructor(around: Context, above: SpanContext | undefined) {
    super(around)
    this.#above = above
  }

  get span(): this {
    return this
  }

  spanContext(): SpanContext {
    const above = this.#above
    this.#own ??= {
      traceId: above?.traceId ?? traceId(),
      spanId: spanId(),
      traceFlags: 0,
      ...(above?.traceState && { traceState: above.traceState }),
    }
    return this.#own
  }

  get [silent](): Context {
    return this
  }

  isRecording(): boolean {
    return false
  }

  end(): void {}
  recordException(): void {}
  setAttribute(): this {
    return this
  }
  setAttributes(): this {
    return this
  }
  addEvent(): this {
    return this
  }
  addLink(): this {
    return this
  }
  addLinks(): this {
    return this
  }
  setStatus(): this {
    return this
  }
  updateName(): this {
    return this
  }
}
