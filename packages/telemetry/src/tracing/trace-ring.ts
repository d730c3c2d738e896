import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { hasFailed, type KeptBecause, milliseconds, spanRecord, type TraceRecord } from './kept-trace.ts'

/** A trace that was kept: spans may still be added to it. */
export interface Kept {
  readonly root: ReadableSpan
  readonly because: KeptBecause
  readonly spans: ReadableSpan[]
  dropped: number
}

/*
 * I1  It holds the last `most` traces, and fewer if they have more than `mostSpans` spans together; one trace is always held.
 * I2  What it holds is what was added last, in that order.
 */

/** The traces that were kept last. */
export class TraceRing {
  readonly #most: number
  readonly #mostSpans: number
  readonly #held = new Set<Kept>()
  #spans = 0

  constructor(most: number, mostSpans: number) {
    this.#most = most
    this.#mostSpans = mostSpans
  }

  add(trace: Kept): void {
    this.#held.add(trace)
    this.#spans += trace.spans.length
    this.#shrink()
  }

  /** Adds a span to a trace that was added before. */
  grow(trace: Kept, span: ReadableSpan): void {
    trace.spans.push(span)
    if (!this.#held.has(trace)) return
    this.#spans++
    this.#shrink()
  }

  /** The latest first; built when asked for, so that keeping costs nothing more. */
  *records(): Generator<TraceRecord> {
    for (const trace of [...this.#held].reverse()) yield record(trace)
  }

  #shrink(): void {
    for (const oldest of this.#held) {
      const fits = this.#held.size <= this.#most && this.#spans <= this.#mostSpans
      if (fits || this.#held.size === 1) return
      this.#held.delete(oldest)
      this.#spans -= oldest.spans.length
    }
  }
}

function record({ root, because, spans, dropped }: Kept): TraceRecord {
  return {
    traceId: root.spanContext().traceId,
    name: root.name,
    startedAt: milliseconds(root.startTime),
    duration: milliseconds(root.duration),
    status: spans.some(hasFailed) ? 'failed' : 'ok',
    kept: because,
    spans: spans.map(spanRecord),
    dropped,
  }
}
