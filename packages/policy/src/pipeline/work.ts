/**
 * What a piece of work is told about the call it serves.
 *
 * `signal` aborts when the call is interrupted, with the reason; it costs nothing until it is read, and it is never
 * aborted because the work succeeded. `deadline` is absolute, in ms on the pipeline's clock: the nearest limit of all
 * around the work, `Infinity` if there is none. `attempt` counts from 1. `headers` is what hooks want sent along (see
 * `outgoing`): they are asked when it is first read. A call may be handed on as the options of another pipeline, which
 * then knows whom it serves.
 */
export interface Call {
  readonly signal: AbortSignal
  readonly deadline: number
  readonly attempt: number
  readonly key: string | undefined
  readonly operation: string | undefined
  readonly priority: number | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** Something that may fail: takes the call, answers with a value or a promise of one. */
export type Work<T> = (call: Call) => T | PromiseLike<T>

/** What a caller may bring. */
export interface CallOptions {
  /** Ends the call when it aborts. */
  readonly signal?: AbortSignal | null | undefined
  /** Absolute, in ms on the pipeline's clock. */
  readonly deadline?: number | undefined
  /** Ms from now: the nearer of it and `deadline` counts. */
  readonly within?: number | undefined
  /** What the call is about, or for whom: breakers, limits, caches and coalescing by key keep keys apart. */
  readonly key?: string | undefined
  /** The kind of call, for budgets that count each kind by itself. */
  readonly operation?: string | undefined
  /** 0 is ordinary; calls of higher priority are the last to be shed, and the first out of a queue. */
  readonly priority?: number | undefined
}
