import type { SpanContext } from '@opentelemetry/api'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import { hasFailed, type KeptBecause, milliseconds } from './kept-trace.ts'
import type { TraceCounts } from './trace-counts.ts'
import type { Kept, TraceRing } from './trace-ring.ts'

export interface TailOptions {
  readonly ring: TraceRing
  readonly counts: TraceCounts
  /** Told of every span of every trace that is kept. */
  readonly exported: (spans: readonly ReadableSpan[]) => void
  /** Keeps traces of which a span failed, though they were not sampled. */
  readonly failed: boolean
  /** Keeps traces of which the root took that many ms or more, though they were not sampled. */
  readonly slowerThan: number
  /** Open traces; the oldest is given up for a new one. */
  readonly mostOpen: number
  /** Spans of one trace. */
  readonly mostSpans: number
  /** Spans of all open traces together; roots have room beyond it. */
  readonly mostTogether: number
}

/** Where a trace stands in this process. Every span of it knows it. */
interface Local {
  is: 'open' | 'over'
  readonly root: SpanContext
  /** Spans that have begun and not ended, the root among them. */
  running: number
  readonly spans: ReadableSpan[]
  dropped: number
  kept: Kept | undefined
}

/** What a span's identity is marked with. A child names its parent by the very object that the parent has; a weak map by it costs half a span. */
const LOCAL = Symbol('local trace')
type Marked = SpanContext & { [LOCAL]?: Local }

/*
 * I1  A span belongs to the same local trace as its parent; one without a parent that is known here is a local root, and begins one.
 * I2  A local trace is open from when its root begins until its root ends or it is given up; then it is over, once and for all.
 * I3  There are never more than `mostOpen` open ones, and none has more than `mostSpans` spans, nor have they more than `mostTogether` and their roots.
 * I4  It is kept or not when its root ends, as a whole; a span that ends later goes where its trace went.
 * I5  started = open + complete + incomplete + abandoned.
 */

/** Keeps the traces that are worth it, decided when their local root ends. */
export class Tail implements SpanProcessor {
  readonly #options: TailOptions
  readonly #open = new Set<Local>()
  #together = 0

  constructor(options: TailOptions) {
    this.#options = options
  }

  onStart(span: ReadableSpan): void {
    const parent = span.parentSpanContext
    const own: Marked = span.spanContext()
    const local = (parent as Marked | undefined)?.[LOCAL] ?? this.#begin(own)
    local.running++
    own[LOCAL] = local
  }

  onEnd(span: ReadableSpan): void {
    const { counts } = this.#options
    counts.took(span.duration)
    const own: Marked = span.spanContext()
    const local = own[LOCAL]
    if (local === undefined) return
    local.running--
    this.#put(local, span)
    if (local.root === own && local.is === 'open') this.#end(local, span)
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  #begin(root: SpanContext): Local {
    const { counts, mostOpen } = this.#options
    const local: Local = { is: 'open', root, running: 0, spans: [], dropped: 0, kept: undefined }
    counts.started++
    if (this.#open.size >= mostOpen) {
      for (const oldest of this.#open) {
        this.#over(oldest)
        counts.abandoned++
        break
      }
    }
    this.#open.add(local)
    counts.open = this.#open.size
    return local
  }

  #over(local: Local): void {
    local.is = 'over'
    this.#open.delete(local)
    this.#together -= local.spans.length
    this.#options.counts.open = this.#open.size
  }

  #put(local: Local, span: ReadableSpan): void {
    const { ring, counts, exported, mostSpans, mostTogether } = this.#options
    const { kept } = local
    if (local.is === 'over' && kept === undefined) return
    const isRoot = local.root === span.spanContext()
    const crowded = !isRoot && kept === undefined && this.#together >= mostTogether
    if (crowded || (kept ?? local).spans.length >= mostSpans - (isRoot ? 0 : 1)) {
      ;(kept ?? local).dropped++
      counts.droppedSpans++
    } else if (kept === undefined) {
      local.spans.push(span)
      this.#together++
    } else {
      ring.grow(kept, span)
      exported([span])
    }
  }

  #end(local: Local, root: ReadableSpan): void {
    const { ring, counts, exported } = this.#options
    this.#over(local)
    if (local.running === 0) counts.complete++
    else counts.incomplete++
    const because = this.#reason(local, root)
    const { spans, dropped } = local
    if (because !== undefined) {
      local.kept = { root, because, spans, dropped, place: -1 }
      counts.kept[because]++
      exported(spans)
      ring.add(local.kept)
    }
  }

  #reason({ spans, root: { traceFlags } }: Local, root: ReadableSpan): KeptBecause | undefined {
    const { failed, slowerThan } = this.#options
    if ((traceFlags & 1) === 1) return 'sampled'
    if (failed && spans.some(hasFailed)) return 'failed'
    return milliseconds(root.duration) >= slowerThan ? 'slow' : undefined
  }
}
