import type { Logger } from './logger.ts'

/** Something that was done with a model. */
export interface ModelOperation {
  readonly operation: 'load' | 'unload' | 'verify' | 'generate' | (string & {})
  readonly model: string
  readonly ok: boolean
  /** How long it took, in ms. */
  readonly ms: number
  readonly error?: unknown
}

/** A task that a model worked on by itself. */
export interface TaskEntry {
  readonly task: string
  readonly ok: boolean
  /** How long it took, in ms. */
  readonly ms: number
  readonly rounds: number
  readonly model?: string | undefined
  readonly error?: unknown
}

/** Something that went wrong. */
export interface ErrorEntry {
  readonly operation: string
  readonly error: unknown
  /** What else is worth knowing. */
  readonly details?: object | undefined
}

/** Entries that programs read: their names and fields do not change. */
export interface StructuredLog {
  modelOperation(entry: ModelOperation): void
  autonomousTask(entry: TaskEntry): void
  error(entry: ErrorEntry): void
}

/**
 * Entries with stable fields on a logger.
 *
 * `event` is `model_operation`, `autonomous_task` or `error`; `outcome` is `success` (told as info) or `failure` (told as error); `duration_ms` is in ms;
 * beside them stand `operation`, `model`, `task`, `rounds`, `details` and `err`, as far as they apply.
 */
export function structuredLog(log: Pick<Logger, 'info' | 'error'>): StructuredLog {
  return {
    modelOperation({ operation, model, ok, ms, error }) {
      const fields = { event: 'model_operation', operation, model, ...ended(ok, ms, error) }
      log[ok ? 'info' : 'error'](fields, `model ${operation} ${ok ? 'succeeded' : 'failed'}`)
    },
    autonomousTask({ task, ok, ms, rounds, model, error }) {
      const fields = { event: 'autonomous_task', task, ...(model !== undefined && { model }), rounds }
      const message = `autonomous task ${ok ? 'succeeded' : 'failed'}`
      log[ok ? 'info' : 'error']({ ...fields, ...ended(ok, ms, error) }, message)
    },
    error({ operation, error, details }) {
      const fields = {
        event: 'error',
        operation,
        outcome: 'failure',
        ...(details && { details }),
        err: error,
      }
      log.error(fields, `${operation} failed`)
    },
  }
}

function ended(ok: boolean, ms: number, error: unknown): object {
  return { outcome: ok ? 'success' : 'failure', duration_ms: ms, ...(error !== undefined && { err: error }) }
}
