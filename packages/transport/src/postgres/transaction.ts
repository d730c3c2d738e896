import type { Call } from '@holdfast/policy'
import type { QueryResult, QueryResultRow } from 'pg'
import { WireFailure } from '../failure.ts'
import type { Once } from '../once.ts'
import { type Connection, grace } from './connection.ts'
import { failed, isUndone } from './postgres-failure.ts'

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
  /** Whether it is to change nothing. */
  readonly reads: boolean
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
 * I4  It is ended by nobody else: what would end it is not sent, and what has ended it all the same makes it fail for good.
 */
export async function runTransaction<T>(attempt: TransactionAttempt<T>): Promise<T> {
  const { connection, call, once, begin } = attempt
  const { signal } = call
  const statements = new Statements(attempt)
  signal.addEventListener('abort', statements)
  try {
    if (signal.aborted) throw abandoned(signal.reason)
    await statements.query(begin)
    const value = await inside(attempt, statements)
    statements.end()
    if (!connection.inTransaction) throw endedInside()
    if (connection.hasFailed || statements.failure !== undefined) throw statements.swallowed()
    once.begin(call)
    await commit(attempt)
    return value
  } catch (error) {
    if (error instanceof WireFailure) once.ended(call, isUndone(error, true), error)
    statements.end()
    if (connection.is === 'settling') await settled(connection)
    if (connection.is === 'ready' && connection.inTransaction)
      await connection.ask({ text: 'ROLLBACK', within: grace }).catch(() => undefined)
    throw error
  } finally {
    signal.removeEventListener('abort', statements)
  }
}

/** What the function answers, when all its statements are answered; or the caller leaves, or the connection is lost. */
async function inside<T>({ fn, connection }: TransactionAttempt<T>, statements: Statements): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => {
      statements.whenLeft = reject
      connection.whenGone((_, why) => reject(statements.lost(why)))
      const done = async () => {
        const value = await fn({ query: (sql, values) => statements.query(sql, values) })
        await statements.idle
        return value
      }
      done().then(resolve, reject)
    })
  } catch (error) {
    throw statements.reason(error)
  }
}

async function commit<T>({ connection, idempotent, reads, within }: TransactionAttempt<T>): Promise<void> {
  try {
    await connection.ask({ text: 'COMMIT', within })
  } catch (error) {
    throw failed(error, {
      what: `COMMIT on ${connection}`,
      idempotent,
      whole: true,
      reads,
      gone: connection.isGone,
    })
  }
}

/** The statements of a function, one after the other. */
class Statements {
  /** The first that failed. */
  failure: WireFailure | undefined
  whenLeft: ((error: WireFailure) => void) | undefined
  readonly #attempt: Omit<TransactionAttempt<unknown>, 'fn'>
  readonly #queue: (() => void)[] = []
  #busy = false
  #begun = false
  #over = false
  #whenIdle: (() => void) | undefined

  constructor(attempt: Omit<TransactionAttempt<unknown>, 'fn'>) {
    this.#attempt = attempt
  }

  query<R extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<QueryResult<R>> {
    return new Promise((resolve, reject) => {
      const told = (error: WireFailure | undefined, result: QueryResult | undefined) => {
        if (error === undefined) resolve(result as QueryResult<R>)
        else reject(error)
        this.#next()
      }
      const go = () => this.#run(sql, values, told)
      if (this.#busy) this.#queue.push(go)
      else go()
    })
  }

  /** Resolves when everything that was asked for is answered. */
  get idle(): Promise<void> | undefined {
    return this.#busy ? new Promise((resolve) => (this.#whenIdle = resolve)) : undefined
  }

  end(): void {
    this.#over = true
  }

  /** The caller left. */
  handleEvent(): void {
    const { connection, call } = this.#attempt
    connection.abandon(call.signal.reason)
    this.whenLeft?.(abandoned(call.signal.reason))
  }

  /** The connection went, and no statement was under way. */
  lost(why: Error): WireFailure {
    return this.#failed(why instanceof WireFailure ? why : gone(`${this.#attempt.connection}`))
  }

  /** Why the transaction failed, given what its function threw. */
  reason(thrown: unknown): WireFailure {
    const { failure } = this
    if (thrown instanceof Abandoned) return thrown
    if (failure !== undefined && (failure.retryable || thrown === failure)) return failure
    return new ThrownInside(thrown)
  }

  /** A statement failed, and the function took no notice. */
  swallowed(): WireFailure {
    const { failure } = this
    if (failure?.retryable) return failure
    const message =
      'The transaction was rolled back: a statement failed, and its function went on as if it had not.'
    return new WireFailure({
      class: 'permanent',
      code: 'POSTGRES_ROLLED_BACK',
      message,
      hint: swallowedHint,
      cause: failure,
    })
  }

  #run(sql: string, values: readonly unknown[] | undefined, told: Answer): void {
    const { connection, within, mark } = this.#attempt
    this.#busy = true
    if (this.#over) return told(over(), undefined)
    if (connection.isGone) return told(this.#failed(gone(`${connection}`)), undefined)
    if (connection.is !== 'ready') return connection.whenSettled(() => this.#run(sql, values, told))
    const opens = !this.#begun
    if (!opens && (!connection.inTransaction || endsTransaction(sql)))
      return told(this.#failed(endedInside()), undefined)
    this.#begun = true
    connection.run({ text: mark(sql), values, within }, (error, result) => {
      if (error !== undefined) return told(this.#failed(this.#judged(error, sql)), undefined)
      if (opens || !hasEnded(result!)) return told(undefined, result)
      this.#over = true
      told(this.#failed(endedInside()), undefined)
    })
  }

  #next(): void {
    this.#busy = false
    const next = this.#queue.shift()
    if (next !== undefined) next()
    else this.#whenIdle?.()
  }

  #failed(failure: WireFailure): WireFailure {
    this.failure ??= failure
    return failure
  }

  /** Nothing is committed yet. What took too long is not begun again all the same, unless the caller says so. */
  #judged(error: Error, sql: string): WireFailure {
    const { connection, reads } = this.#attempt
    const what = `a statement on ${connection}`
    const whole = !mayEndInside.test(sql)
    const idempotent = this.#attempt.idempotent && whole
    const failure = failed(error, { what, idempotent, whole, reads, gone: connection.isGone })
    return failure.class === 'broken' && whole ? again(failure) : failure
  }
}

type Answer = (error: WireFailure | undefined, result: QueryResult | undefined) => void

/** Whether a statement would end its transaction, or begin another; a savepoint may be gone back to. */
function endsTransaction(sql: string): boolean {
  return /^(?:\s|--[^\n]*\n|\/\*(?:(?!\*\/)[\s\S])*\*\/)*(?:commit|end|abort|begin|start\s+transaction|prepare\s+transaction|rollback(?!(?:\s+(?:work|transaction))?\s+to\b))\b/i.test(
    sql,
  )
}

const swallowedHint = 'Let the function fail where its statement does; what may fail belongs outside.'

/** One of several statements in a text may end the transaction, and another fail behind it. */
const mayEndInside = /;\s*(?:commit|end)\b/i

/** Whether one of several statements in a text has ended the transaction. */
function hasEnded(result: QueryResult | readonly QueryResult[]): boolean {
  const results = Array.isArray(result) ? (result as readonly QueryResult[]) : [result as QueryResult]
  return results.some(({ command }) => command === 'COMMIT' || command === 'BEGIN')
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
    hint: 'Await every statement inside the function of the transaction.',
  })
}

function endedInside(): WireFailure {
  return new WireFailure({
    class: 'permanent',
    code: 'POSTGRES_TRANSACTION_ENDED',
    message:
      'The function of the transaction sent COMMIT or ROLLBACK itself, which is left to the transaction.',
    hint: 'Return from the function to commit, and throw to roll back.',
  })
}
