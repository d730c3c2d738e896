import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { hasFailed, type KeptBecause, milliseconds, spanRecord, type TraceRecord } from './kept-trace.ts'
import { scrub } from './scrub.ts'

/** Which of the traces that were kept last. */
export interface TracesAsked {
  /** Those of this trace alone: several requests may have been parts of one. */
  readonly id?: string
  /** No more than so many, the latest. */
  readonly most?: number
}

/** A trace that was kept: spans may still be added to it. */
export interface Kept {
  readonly root: ReadableSpan
  readonly because: KeptBecause
  readonly spans: ReadableSpan[]
  dropped: number
  /** Its number among all that the ring was given; -1 as long as it was not. */
  place: number
}

/*
 * I1  It holds the last `most` traces, and fewer if they have more than `mostSpans` spans together; one trace is always held.
 * I2  What it holds is what was added last, in that order.
 */

/** The traces that were kept last. */
export class TraceRing {
  readonly #most: number
  readonly #mostSpans: number
  readonly #held: (Kept | undefined)[] = []
  #first = 0
  #next = 0
  #spans = 0

  constructor(most: number, mostSpans: number) {
    this.#most = most
    this.#mostSpans = mostSpans
  }

  add(trace: Kept): void {
    if (this.#next - this.#first === this.#most) this.#drop()
    trace.place = this.#next++
    this.#held[trace.place % this.#most] = trace
    this.#spans += trace.spans.length
    this.#shrink()
  }

  /** Adds a span to a trace that was added before. */
  grow(trace: Kept, span: ReadableSpan): void {
    trace.spans.push(span)
    if (trace.place < this.#first) return
    this.#spans++
    this.#shrink()
  }

  /** The latest first; each is built when asked for, so that keeping costs nothing more, and listing a few no more than those. */
  *records({ id, most = Infinity }: TracesAsked = {}): Generator<TraceRecord> {
    let left = most
    for (let place = this.#next - 1; place >= this.#first && left > 0; place--) {
      const kept = this.#held[place % this.#most]!
      if (id !== undefined && kept.root.spanContext().traceId !== id) continue
      left--
      yield record(kept)
    }
  }

  /** The identities of the traces it holds. */
  ids(): ReadonlySet<string> {
    return new Set(this.#held.flatMap((trace) => trace?.root.spanContext().traceId ?? []))
  }

  #shrink(): void {
    while (this.#spans > this.#mostSpans && this.#next - this.#first > 1) this.#drop()
  }

  #drop(): void {
    const at = this.#first++ % this.#most
    this.#spans -= this.#held[at]!.spans.length
    this.#held[at] = undefined
  }
}

function record({ root, because, spans, dropped }: Kept): TraceRecord {
  return {
    traceId: root.spanContext().traceId,
    name: scrub(root).name,
    startedAt: milliseconds(root.startTime),
    duration: milliseconds(root.duration),
    status: spans.some(hasFailed) ? 'failed' : 'ok',
    kept: because,
    spans: spans.map((span) => spanRecord(scrub(span))),
    dropped,
  }
}
