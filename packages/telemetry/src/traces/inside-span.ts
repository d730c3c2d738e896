import type { Context, Span } from '@opentelemetry/api'
import { api } from './api.ts'

/** Under which a context has its span: whatever is given one is told. */
const spanKey = api && keyOfSpans(api.trace)

/**
 * The context in which a span is the active one.
 *
 * As one that `trace.setSpan` makes, without a copy of what else is in it. It stands on what is outside of all such contexts, so that a chain of spans
 * that each begin the next does not hold them all.
 */
export abstract class InsideSpan implements Context {
  abstract readonly span: Span
  readonly #outside: Context

  constructor(around: Context) {
    this.#outside = around instanceof InsideSpan ? around.#outside : around
  }

  getValue(key: symbol): unknown {
    return key === spanKey ? this.span : this.#outside.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#copy().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#copy().deleteValue(key)
  }

  #copy(): Context {
    return api!.trace.setSpan(this.#outside, this.span)
  }
}

/** Inside a span that ends. */
export class InsideEndingSpan extends InsideSpan {
  readonly span: Span

  constructor(around: Context, span: Span) {
    super(around)
    this.span = span
  }
}

function keyOfSpans(trace: NonNullable<typeof api>['trace']): symbol | undefined {
  let found: symbol | undefined
  const told: Context = {
    getValue: () => undefined,
    setValue(key) {
      found = key
      return told
    },
    deleteValue: () => told,
  }
  trace.setSpanContext(told, { traceId: '', spanId: '', traceFlags: 0 })
  return found
}
