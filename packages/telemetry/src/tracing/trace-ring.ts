import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { hasFailed, type KeptBecause, milliseconds, spanRecord, type TraceRecord } from './kept-trace.ts'
import { scrub } from './scrub.ts'

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

  /** The latest first; built when asked for, so that keeping costs nothing more. */
  *records(): Generator<TraceRecord> {
    for (let place = this.#next - 1; place >= this.#first; place--) {
      yield record(this.#held[place % this.#most]!)
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
