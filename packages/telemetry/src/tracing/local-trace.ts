import { spanId, traceId } from '@holdfast/policy/context'
import type { SpanContext } from '@opentelemetry/api'
import type { Kept } from './trace-ring.ts'

/*
 * I1  It has the trace's identity from where it came from, or makes one when somebody asks, which stays.
 * I2  All its spans tell the time by one offset, so that they stand to each other as they happened.
 */

/** What this process does for one trace, from a local root on. Every span of it knows it. */
export class LocalTrace<Span> {
  is: 'open' | 'over' = 'open'
  readonly sampled: boolean
  /** The sender's span, if the trace came from elsewhere. */
  readonly above: SpanContext | undefined
  readonly root = new Place(this)
  /** From `performance.now()` to ms since 1970; not `performance.timeOrigin`, which knows of no clock that was set, and of no sleep. */
  readonly offset = Date.now() - performance.now()
  /** Spans that have begun and not ended, the root among them. */
  running = 0
  spans: Span[] = []
  dropped = 0
  kept: Kept | undefined = undefined
  #traceId: string | undefined = undefined

  constructor(sampled: boolean, above: SpanContext | undefined) {
    this.sampled = sampled
    this.above = above
  }

  get traceId(): string {
    this.#traceId ??= this.above?.traceId ?? traceId()
    return this.#traceId
  }
}

const PLACE = Symbol('place in a local trace')

/**
 * A span's place in a local trace, and its identity once somebody asks for it.
 *
 * It is what a child holds of its parent: the span itself would hold the one above it in turn, and a chain of spans that each begin the next all of them.
 */
export class Place<Span = unknown> {
  readonly trace: LocalTrace<Span>
  #identity: SpanContext | undefined = undefined

  constructor(trace: LocalTrace<Span>) {
    this.trace = trace
  }

  get identity(): SpanContext {
    if (this.#identity === undefined) {
      const { traceId, sampled, above } = this.trace
      const { traceState } = above ?? {}
      const traceFlags = sampled ? 1 : 0
      const identity = { traceId, spanId: spanId(), traceFlags, ...(traceState && { traceState }) }
      this.#identity = Object.defineProperty(identity, PLACE, { value: this })
    }
    return this.#identity
  }
}

/** The place of a span that was made here, by its identity. */
export function placeOf<Span>(identity: SpanContext): Place<Span> | undefined {
  return (identity as { readonly [PLACE]?: Place<Span> })[PLACE]
}
