/** How the traces of this process went, as plain numbers: counts are since the start. */
export interface TraceStatistics {
  /** Local traces that began to be recorded. */
  readonly started: number
  /** Their roots have not ended yet. */
  readonly open: number
  /** Their roots ended, after every other span. */
  readonly complete: number
  /** Their roots ended before some other span. */
  readonly incomplete: number
  /** They were given up, since too many were open. */
  readonly abandoned: number
  /** `complete` of all that are not open; 1 as long as there is none. */
  readonly completionRate: number
  readonly kept: Readonly<Record<'sampled' | 'failed' | 'slow', number>>
  /** Spans that ended. */
  readonly spans: number
  /** Spans that there was no room for in their trace. */
  readonly droppedSpans: number
  /** How long spans took, in seconds: how many took at most `bounds[i]`, the sum of all, their number. */
  readonly durations: {
    readonly bounds: readonly number[]
    readonly buckets: readonly number[]
    readonly sum: number
    readonly count: number
  }
  /** What became of spans that were to be exported; all 0 if none were. */
  readonly exported: ExportCounts
}

export interface ExportCounts {
  readonly waiting: number
  readonly sent: number
  /** The collector did not take them. */
  readonly failed: number
  /** They did not fit into the queue. */
  readonly dropped: number
}

const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Where the traces of one process are counted. */
export class TraceCounts {
  started = 0
  open = 0
  complete = 0
  incomplete = 0
  abandoned = 0
  droppedSpans = 0
  readonly kept = { sampled: 0, failed: 0, slow: 0 }
  readonly #buckets = new Float64Array(BOUNDS.length + 1)
  #sum = 0
  #spans = 0

  /** A span ended after that many ms. */
  took(duration: number): void {
    const seconds = duration / 1_000
    let at = 0
    while (at < BOUNDS.length && seconds > BOUNDS[at]!) at++
    this.#buckets[at]!++
    this.#sum += seconds
    this.#spans++
  }

  statistics(exported: ExportCounts): TraceStatistics {
    const { started, open, complete, incomplete, abandoned, droppedSpans } = this
    const over = complete + incomplete + abandoned
    let below = 0
    const buckets = BOUNDS.map((_, at) => (below += this.#buckets[at]!))
    return {
      started,
      open,
      complete,
      incomplete,
      abandoned,
      completionRate: over === 0 ? 1 : complete / over,
      kept: { ...this.kept },
      spans: this.#spans,
      droppedSpans,
      durations: { bounds: BOUNDS, buckets, sum: this.#sum, count: this.#spans },
      exported,
    }
  }
}
