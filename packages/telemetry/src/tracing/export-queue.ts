import type { Clock } from '@holdfast/policy'
import { context } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { scrub } from './scrub.ts'
import type { ExportCounts } from './trace-counts.ts'

export interface ExportQueueOptions {
  readonly exporter: SpanExporter
  readonly clock: Clock
  /** Spans that wait at most. */
  readonly most: number
  /** How long a batch may be on its way, in ms; then it counts as failed, whatever becomes of it. */
  readonly timeout: number
}

/** Spans of one request. */
const BATCH = 256
/** How long spans wait for others, in ms; after a failure twice as long as before, up to `LONGEST`. */
const DELAY = 1_000
const LONGEST = 60_000

/*
 * I1  Never more than `most` spans wait; one that comes when the queue is full is dropped and counted.
 * I2  Every span that came is either waiting, on its way, sent, failed or dropped; none is in two of these.
 * I3  At most one batch is on its way.
 * I4  There is a timer only while spans wait or are on their way: one.
 * I5  A batch is on its way for `timeout` at most. The exporter's own limit is one on silence, which a collector that says a byte now and then never breaks.
 */

/** What waits to be sent to a collector: one that does not answer costs some memory and a counter. */
export class ExportQueue {
  readonly #options: ExportQueueOptions
  #spans: ReadableSpan[] = []
  #sent = 0
  #failed = 0
  #dropped = 0
  #delay = DELAY
  #timer: { readonly delay: number; cancel(): void } | undefined
  #onItsWay: Promise<boolean> | undefined

  constructor(options: ExportQueueOptions) {
    this.#options = options
  }

  get counts(): ExportCounts {
    return { waiting: this.#spans.length, sent: this.#sent, failed: this.#failed, dropped: this.#dropped }
  }

  push(spans: readonly ReadableSpan[]): void {
    const room = Math.min(spans.length, this.#options.most - this.#spans.length)
    for (let at = 0; at < room; at++) this.#spans.push(spans[at]!)
    this.#dropped += spans.length - room
    this.#plan()
  }

  /** Sends all that waits. Gives up with the first batch that fails: what is left then counts as failed. */
  async flush(): Promise<void> {
    await this.#onItsWay
    while (this.#spans.length > 0) {
      if (await (this.#onItsWay ?? this.#send())) continue
      this.#failed += this.#spans.length
      this.#spans = []
    }
    this.#disarm()
  }

  /** In a while, or at once if there is enough for a batch and the collector is well. */
  #plan(): void {
    if (this.#spans.length === 0 || this.#onItsWay !== undefined) return
    const delay = this.#spans.length >= BATCH && this.#delay === DELAY ? 0 : this.#delay
    if (this.#timer !== undefined && this.#timer.delay <= delay) return
    this.#disarm()
    this.#timer = { delay, cancel: this.#options.clock.after(delay, () => void this.#send()) }
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #send(): Promise<boolean> {
    this.#disarm()
    const batch = this.#spans.slice(0, BATCH)
    this.#spans = this.#spans.slice(BATCH)
    this.#onItsWay = this.#export(batch).then((ok) => {
      this.#onItsWay = undefined
      if (ok) this.#sent += batch.length
      else this.#failed += batch.length
      this.#delay = ok ? DELAY : Math.min(LONGEST, this.#delay * 2)
      this.#plan()
      return ok
    })
    return this.#onItsWay
  }

  /** Whether it was taken. Its own requests are no part of any trace. */
  #export(batch: ReadableSpan[]): Promise<boolean> {
    const { clock, exporter, timeout } = this.#options
    return new Promise((resolve) => {
      const cancel = clock.after(timeout, () => resolve(false))
      const over = (ok: boolean): void => {
        cancel()
        resolve(ok)
      }
      context.with(suppressTracing(context.active()), () => {
        try {
          exporter.export(batch.map(scrub), ({ code }) => over(code === 0))
        } catch {
          over(false)
        }
      })
    })
  }
}
