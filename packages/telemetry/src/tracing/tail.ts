import type { SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { KeptBecause } from './kept-trace.ts'
import { LocalTrace } from './local-trace.ts'
import type { RecordedSpan } from './recorded-span.ts'
import type { TraceCounts } from './trace-counts.ts'
import type { TraceRing } from './trace-ring.ts'

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

/*
 * I1  A span belongs to the same local trace as its parent; one without a parent that is known here is a local root, and begins one.
 * I2  A local trace is open from when its root begins until its root ends or it is given up; then it is over, once and for all.
 * I3  There are never more than `mostOpen` open ones, and none has more than `mostSpans` spans, nor have they more than `mostTogether` and their roots.
 * I4  It is kept or not when its root ends, as a whole; a span that ends later goes where its trace went.
 * I5  started = open + complete + incomplete + abandoned.
 */

/** Keeps the traces that are worth it, decided when their local root ends. */
export class Tail {
  readonly #options: TailOptions
  readonly #open = new Set<Local>()
  #together = 0

  constructor(options: TailOptions) {
    this.#options = options
  }

  /** A local root begins; `above` is the sender's span, if the trace came from elsewhere. */
  begin(sampled: boolean, above: SpanContext | undefined): Local {
    const { counts, mostOpen } = this.#options
    const local: Local = new LocalTrace(sampled, above)
    local.running++
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

  ended(span: RecordedSpan): void {
    const { trace } = span.place
    this.#options.counts.took(span.duration)
    trace.running--
    this.#put(trace, span)
    if (trace.root === span.place && trace.is === 'open') this.#end(trace, span)
  }

  /** What was not kept is forgotten. */
  #over(local: Local): void {
    local.is = 'over'
    this.#open.delete(local)
    this.#together -= local.spans.length
    local.spans = []
    this.#options.counts.open = this.#open.size
  }

  #put(local: Local, span: RecordedSpan): void {
    const { ring, counts, exported, mostSpans, mostTogether } = this.#options
    const { kept } = local
    if (local.is === 'over' && kept === undefined) return
    const isRoot = local.root === span.place
    const crowded = !isRoot && kept === undefined && this.#together >= mostTogether
    if (crowded || (kept ?? local).spans.length >= mostSpans - (isRoot ? 0 : 1)) {
      ;(kept ?? local).dropped++
      counts.droppedSpans++
    } else if (kept === undefined) {
      local.spans.push(span)
      this.#together++
    } else {
      const written = span.written()
      ring.grow(kept, written)
      exported([written])
    }
  }

  #end(local: Local, root: RecordedSpan): void {
    const { ring, counts, exported } = this.#options
    const { spans, dropped } = local
    const because = this.#reason(local, root)
    this.#over(local)
    if (local.running === 0) counts.complete++
    else counts.incomplete++
    if (because === undefined) return
    const written = spans.map((span) => span.written())
    local.kept = { root: written.at(-1)!, because, spans: written, dropped, place: -1 }
    counts.kept[because]++
    exported(written)
    ring.add(local.kept)
  }

  #reason({ spans, sampled }: Local, root: RecordedSpan): KeptBecause | undefined {
    const { failed, slowerThan } = this.#options
    if (sampled) return 'sampled'
    if (failed && spans.some((span) => span.failed)) return 'failed'
    return root.duration >= slowerThan ? 'slow' : undefined
  }
}

type Local = LocalTrace<RecordedSpan>
