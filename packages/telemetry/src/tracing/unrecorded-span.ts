import { spanId, traceId } from '@holdfast/policy/context'
import type { Context, Span, SpanContext } from '@opentelemetry/api'
import { silent } from '../traces/in-span.ts'
import { InsideSpan } from '../traces/inside-span.ts'

/** A span that is not recorded: it stands for all spans below it as well. It is its own context, which saves one. */
export class UnrecordedSpan extends InsideSpan implements Span {
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
