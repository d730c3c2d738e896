import { classOfError, type FailureClass, WireFailure } from '../failure.ts'
import { Left, Silence, Unsent } from './connection.ts'
import { isOfPooler, meaningAtConnect, meaningOf, sqlStateOf } from './sqlstate.ts'

/** What was going on when it failed. */
export interface Circumstances {
  /** For the message: `a statement on db:5432`. */
  readonly what: string
  /** Whether the caller says that it may be done twice. */
  readonly idempotent: boolean
  /** Whether, if the server refused it, all that was asked for is undone: not where a statement can commit half of itself. */
  readonly whole: boolean
  /** Whether it was said to change nothing: then a server that lets nothing be changed is right. */
  readonly reads: boolean
  /** Whether the connection is gone. */
  readonly gone: boolean
}

const lost = { class: 'broken', undone: false } as const

/** What a failure in answer to a statement means. */
export function failed(error: unknown, { what, idempotent, whole, reads, gone }: Circumstances): WireFailure {
  if (error instanceof WireFailure) return error
  const state = sqlStateOf(error)
  if (state !== undefined) {
    const { class: meant, undone } = isOfPooler(error) ? lost : meaningOf(state)
    const of = state === '25006' && reads ? 'permanent' : meant
    const message = `${what} failed with ${state}: ${(error as Error).message}`
    return new WireFailure({ class: of, message, idempotent: idempotent || (undone && whole), cause: error })
  }
  const of = silentClass(error, gone)
  const why = {
    timeout: (error as Error).message,
    cancelled: 'its caller left',
    unsent: (error as Error).message,
    broken: 'the connection was lost',
    permanent: `its values cannot be sent or its rows not be read: ${(error as Error).message}`,
  }
  return new WireFailure({ class: of, message: `${what}: ${why[of]}`, idempotent, cause: error })
}

/** Whether what failed was certainly not done; `whole` as it was then. */
export function isUndone(failure: WireFailure, whole: boolean): boolean {
  return failure.retryable || (failure.class === 'permanent' && whole && sqlStateOf(failure) !== undefined)
}

/** No connection was to be had: nothing was sent. Messages of the driver hold no password. */
export function failedToConnect(error: unknown, address: string): WireFailure {
  const state = sqlStateOf(error)
  const known = state === undefined || isOfPooler(error) ? classOfError(error) : meaningAtConnect(state)
  const of: FailureClass = known === 'permanent' || known === 'throttled' ? known : 'unsent'
  const told =
    error instanceof AggregateError
      ? error.errors.map((each: Error) => each.message).join(', ')
      : (error as Error).message
  const message = `no connection to PostgreSQL at ${address}: ${state === undefined ? '' : `${state} `}${told}`
  return new WireFailure({ class: of, message, cause: error })
}

function silentClass(
  error: unknown,
  gone: boolean,
): 'timeout' | 'cancelled' | 'unsent' | 'broken' | 'permanent' {
  if (error instanceof Unsent) return 'unsent'
  if (error instanceof Silence) return 'timeout'
  if (error instanceof Left) return 'cancelled'
  // The driver could not write the values, or not read the rows; the connection has taken no harm.
  return gone ? 'broken' : 'permanent'
}
