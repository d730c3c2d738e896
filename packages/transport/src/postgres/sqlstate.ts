import type { FailureClass } from '../failure.ts'

/**
 * What a SQLSTATE says: the class of the failure, and whether the server has certainly undone the statement and its transaction.
 *
 * Codes and their meaning: PostgreSQL 18, appendix A; what may be retried: §13.5 "Serialization Failure Handling".
 */
export interface SqlStateMeaning {
  readonly class: FailureClass
  readonly undone: boolean
}

/** The five characters that the server gave, where it is the server that refused. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const { code, severity } = at as { readonly code?: unknown; readonly severity?: unknown }
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity !== undefined) return code
  }
  return undefined
}

/** Whether it is what PgBouncer says of whatever befalls it, its server's going too; to a server itself the same code means that we are wrong. */
export function isOfPooler(error: unknown): boolean {
  const { code, severity, message = '' } = error as Partial<Record<'code' | 'severity' | 'message', string>>
  return code === '08P01' && severity === 'FATAL' && !message.startsWith('unsupported startup parameter')
}

/** What a code means that came in answer to a statement; an unknown one is `permanent`. */
export function meaningOf(sqlState: string): SqlStateMeaning {
  return exact.get(sqlState) ?? kinds.get(sqlState.slice(0, 2)) ?? { class: 'permanent', undone: true }
}

/** What a code means that came while the connection was made: nothing was asked yet. */
export function meaningAtConnect(sqlState: string): FailureClass {
  const { class: of } = meaningOf(sqlState)
  return of === 'throttled' || of === 'permanent' ? of : 'unsent'
}

const again: SqlStateMeaning = { class: 'transient', undone: true }
const failed: SqlStateMeaning = { class: 'transient', undone: false }
const lost: SqlStateMeaning = { class: 'broken', undone: false }
const late: SqlStateMeaning = { class: 'timeout', undone: false }
const refused: SqlStateMeaning = { class: 'throttled', undone: true }
const away: SqlStateMeaning = { class: 'unsent', undone: true }

/** By the first two characters. */
const kinds: ReadonlyMap<string, SqlStateMeaning> = new Map([
  ['08', lost], // connection exception
  ['40', again], // transaction rollback
  ['53', again], // insufficient resources
  ['58', failed], // system error
  ['XX', failed], // internal error
])

const exact: ReadonlyMap<string, SqlStateMeaning> = new Map([
  ['08001', away], // no connection to it
  ['08004', away], // it rejected the connection
  ['08P01', { class: 'permanent', undone: false }], // protocol violation
  ['25006', away], // read-only transaction: this is not, or no longer, the primary
  ['25P03', late], // idle in transaction for too long
  ['25P04', late], // transaction for too long
  ['40003', lost], // statement completion unknown
  ['53300', refused], // too many connections
  ['55006', again], // object in use
  ['55P03', again], // lock not available
  ['57014', late], // query cancelled: by its statement time-out, or by a request
  ['57P01', lost], // admin shutdown
  ['57P02', lost], // crash shutdown
  ['57P03', away], // cannot connect now
  ['57P04', lost], // database dropped
  ['57P05', lost], // idle session for too long
  ['72000', again], // snapshot too old
])
