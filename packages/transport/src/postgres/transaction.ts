import type { Call } from '@holdfast/policy'
import type { QueryResult, QueryResultRow } from 'pg'
import { WireFailure } from '../failure.ts'
import { type Connection, grace } from './connection.ts'
import type { Once } from './once.ts'
import { failed } from './postgres-failure.ts'

/** What the function of a transaction is given. */
export interface Transaction {
  /** One statement of the transaction; those that are asked for at the same time are done one after the other. */
  query<R extends QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>>
}

/** How a transaction sees the others (PostgreSQL 18, §13.2). */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** One attempt at a transaction. */
export interface TransactionAttempt<T> {
  readonly connection: Connection
  readonly call: Call
  readonly once: Once
  readonly fn: (transaction: Transaction) => PromiseLike<T> | T
  /** `BEGIN` and how. */
  readonly begin: string
  readonly idempotent: boolean
  /** For each statement. */
  readonly within: number
  /** Adds to a statement what is sent along. */
  readonly mark: (text: string) => string
}

/** What the function of a transaction threw by itself: it says nothing of the database, and is no reason to run it again. */
export class ThrownInside extends WireFailure {
  constructor(thrown: unknown) {
    super({ class: 'permanent', message: 'the function of the transaction threw', cause: thrown })
  }
}

/*
 * From BEGIN to COMMIT, once.
 *
 * I1  Until COMMIT is sent nothing is done, so that whatever breaks before may be done again; after it, only what the caller says may be.
 * I2  It is committed only if every statement was answered and none failed: a failure that the function kept to itself rolls it back all the same.
 * I3  Once it is over, no statement of its function is sent any more.
 */
export async function runTransaction<T>(attempt: TransactionAttempt<T>): Promise<T> {
  const { connection, call, once, fn, begin } = attempt
  const statements = new Statements(attempt)
  let leave: ((reason: unknown) => void) | undefined
  try {
    await statements.query(begin)
    const left = new Promise<never>((_, reject) => (leave = () => reject(abandoned(call.signal.reason))))
    call.signal.addEventListener('abort', leave!)
    let value: T
    try {
      value = await Promise.race([fn({ query: (sql, values) => statements.query(sql, values) }), left])
      await Promise.race([statements.idle(), left])
    } catch (error) {
      throw statements.reason(error)
    }
    statements.end()
    if (!connection.inTransaction) throw endedInside()
    if (connection.hasFailed || statements.failure !== undefined) throw statements.swallowed()
    if (call.signal.aborted) throw abandoned(call.signal.reason)
    once.sent()
    await commit(attempt)
    once.settled()
    return value
  } catch (error) {
    if (error instanceof WireFailure) once.failed(error)
    statements.end()
    if (connection.is === 'settling') await settled(connection)
    if (connection.is === 'ready' && connection.inTransaction)
      await connection.ask({ text: 'ROLLBACK', within: grace }).catch(() => undefined)
    throw error
  } finally {
    if (leave !== undefined) call.signal.removeEventListener('abort', leave)
  }
}

async function commit<T>({ connection, call, idempotent, within }: TransactionAttempt<T>): Promise<void> {
  try {
    await connection.ask({ text: 'COMMIT', signal: call.signal, within })
  } catch (error) {
    throw failed(error, {
      what: `COMMIT on ${connection}`,
      idempotent,
      whole: true,
      gone: connection.isGone,
    })
  }
}

/** The statements of a function, in a row. */
class Statements {
  /** The first that failed. */
  failure: WireFailure | undefined
  readonly #attempt: Omit<TransactionAttempt<unknown>, 'fn'>
  #last: Promise<unknown> = Promise.resolve()
  #over = false

  constructor(attempt: Omit<TransactionAttempt<unknown>, 'fn'>) {
    this.#attempt = attempt
  }

  query<R extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<QueryResult<R>> {
    const asked = this.#last.then(() => this.#ask(sql, values)) as Promise<QueryResult<R>>
    this.#last = asked.catch(() => undefined)
    return asked
  }

  /** Resolves when everything that was asked for is answered. */
  async idle(): Promise<void> {
    let last: unknown
    while (last !== this.#last) {
      last = this.#last
      await last
    }
  }

  end(): void {
    this.#over = true
  }

  /** Why the transaction failed, given what its function threw. */
  reason(thrown: unknown): WireFailure {
    const { failure } = this
    if (failure !== undefined && (failure.retryable || thrown === failure)) return failure
    return thrown instanceof Abandoned ? thrown : new ThrownInside(thrown)
  }

  /** A statement failed, and the function took no notice. */
  swallowed(): WireFailure {
    const { failure } = this
    if (failure?.retryable) return failure
    const message =
      'The transaction was rolled back: a statement failed, and its function went on as if it had not.'
    return new WireFailure({ class: 'permanent', code: 'POSTGRES_ROLLED_BACK', message, cause: failure })
  }

  async #ask(sql: string, values: readonly unknown[] | undefined): Promise<QueryResult> {
    const { connection, call, within, idempotent, mark } = this.#attempt
    const { signal } = call
    if (this.#over) throw over()
    if (connection.is !== 'ready') await settled(connection)
    if (this.#over) throw over()
    if (signal.aborted) throw abandoned(signal.reason)
    if (connection.isGone) {
      this.failure ??= gone(`${connection}`)
      throw this.failure
    }
    try {
      return await connection.ask({ text: mark(sql), values, signal, within })
    } catch (error) {
      const lost = connection.isGone
      const facts = failed(error, {
        what: `a statement on ${connection}`,
        idempotent,
        whole: true,
        gone: lost,
      })
      // Nothing is committed yet. What took too long is not begun again all the same, unless the caller says so.
      const failure = facts.class === 'broken' ? again(facts) : facts
      this.failure ??= failure
      throw failure
    }
  }
}

function settled(connection: Connection): Promise<unknown> {
  return new Promise((resolve) => connection.whenSettled(resolve))
}

class Abandoned extends WireFailure {}

function abandoned(reason: unknown): Abandoned {
  return new Abandoned({ class: 'cancelled', message: 'the caller of the transaction left', cause: reason })
}

function again({ message, cause }: WireFailure): WireFailure {
  return new WireFailure({
    class: 'broken',
    message: `${message}; the transaction was not committed`,
    idempotent: true,
    cause,
  })
}

function gone(where: string): WireFailure {
  return new WireFailure({
    class: 'broken',
    message: `the connection to ${where} was lost before the transaction was committed`,
    idempotent: true,
  })
}

function over(): WireFailure {
  return new WireFailure({
    class: 'permanent',
    code: 'POSTGRES_TRANSACTION_OVER',
    message: 'The statement was not sent: its transaction is over.',
  })
}

function endedInside(): WireFailure {
  return new WireFailure({
    class: 'permanent',
    code: 'POSTGRES_TRANSACTION_ENDED',
    message:
      'The function of the transaction sent COMMIT or ROLLBACK itself, which is left to the transaction.',
  })
}
