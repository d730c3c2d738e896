/**
 * What a piece of work is told about the call it serves.
 *
 * `signal` aborts when the call is interrupted, with the reason; it costs nothing until it is read, and it is never
 * aborted because the work succeeded. `deadline` is absolute, in ms on the pipeline's clock: the nearest limit of all
 * around the work, `Infinity` if there is none. `attempt` counts from 1.
 * A call may be handed on as the options of another pipeline.
 */
export interface Call {
  readonly signal: AbortSignal
  readonly deadline: number
  readonly attempt: number
}

/** Something that may fail: takes the call, answers with a value or a promise of one. */
export type Work<T> = (call: Call) => T | PromiseLike<T>

/** What a caller may bring: a signal that ends the call, and an absolute deadline in ms on the pipeline's clock. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly deadline?: number | undefined
}
