import { type Call, type CallOptions, demand, OptionError } from '@holdfast/policy'
import type { QueryResult, QueryResultRow } from 'pg'
import { envelopeOf } from '../envelope.ts'
import { WireFailure } from '../failure.ts'
import { onLeg } from '../on-leg.ts'
import { Once } from '../once.ts'
import { shown } from './address.ts'
import { commented } from './comment.ts'
import { type Connection, grace } from './connection.ts'
import { Hosts, type Loan } from './hosts.ts'
import type { Pool, PoolStatus } from './pool.ts'
import { failed, isUndone } from './postgres-failure.ts'
import { type PostgresOptions, type PostgresSettings, settle } from './postgres-options.ts'
import { statementLeg } from './statement-leg.ts'
import { type Isolation, runTransaction, ThrownInside, type Transaction } from './transaction.ts'

/** What a caller may bring, and what may be done with the call. */
export interface PostgresCallOptions extends CallOptions {
  /** Whether it may be done twice (false): then it is tried again even where nobody knows whether it was done. */
  readonly idempotent?: boolean | undefined
  /** Whether it changes nothing (false): then it may be done twice, and by a server that only reads. */
  readonly readOnly?: boolean | undefined
}

export interface TransactionOptions extends PostgresCallOptions {
  /** Left out, it is the server's own, which is `read committed` unless it was changed. */
  readonly isolation?: Isolation | undefined
}

export interface PostgresStatus {
  readonly state: 'open' | 'draining' | 'closed'
  /** In the order in which they were named. */
  readonly servers: readonly PoolStatus[]
}

/** Whether the database can be used, as a health check answers. */
export interface PostgresHealth {
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  readonly reason?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** A database that is asked through a pool and a pipeline. */
export interface Postgres extends AsyncDisposable {
  /**
   * One statement, by itself a transaction; answers with what `pg` makes of it.
   *
   * Fails with a `WireFailure`, or with what a policy of the pipeline threw. What is not `idempotent` is sent at most once, unless the server says that
   * the statement was undone or it never left.
   */
  query<R extends QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
    options?: PostgresCallOptions,
  ): Promise<QueryResult<R>>
  /**
   * Runs `fn` between BEGIN and COMMIT, and answers with what it answers.
   *
   * `fn` runs again, in a new transaction, as often as the pipeline's retry lets it, when the database undid it (serialisation failure, deadlock) or the
   * connection broke before COMMIT was sent: it should do nothing but ask the database. After COMMIT was sent it is not run again, unless the server says that
   * it was undone, or it is `idempotent`. What `fn` throws rolls it back, is thrown as it is, and is no reason to run it again.
   */
  transaction<T>(
    fn: (transaction: Transaction) => PromiseLike<T> | T,
    options?: TransactionOptions,
  ): Promise<T>
  status(): PostgresStatus
  /** Asks the database something small, past the pipeline: unhealthy without an answer in 2 s, degraded where data can only be read. Never rejects. */
  check(): Promise<PostgresHealth>
  /**
   * Takes no more calls, waits up to `drain` ms (10 000) for those under way, and fails the rest (`POSTGRES_CLOSED`). Calling it again shortens the wait,
   * and cannot lengthen it.
   */
  close(options?: { readonly drain?: number | undefined }): Promise<void>
}

/**
 * A client of a PostgreSQL database, 14 or newer, that heals itself. It connects when it is first asked.
 *
 * Throws `OptionError` for options that cannot be; no error of it shows a password.
 */
export function postgres(options: PostgresOptions): Postgres {
  return new Client(settle(options))
}

/*
 * I1  Every attempt takes one connection, and gives it back once.
 * I2  What was sent is sent again only if it may be done twice, or was certainly not done.
 */
class Client implements Postgres {
  readonly #settings: PostgresSettings
  readonly #hosts: Hosts
  /** For who hears of its calls: the server that was named first. */
  readonly #where: string
  /** For a statement: the server's own limit, and a moment for saying so. */
  readonly #within: number
  #state: PostgresStatus['state'] = 'open'
  #closing: Promise<void> | undefined
  #hurry: (() => void) | undefined

  constructor(settings: PostgresSettings) {
    this.#settings = settings
    this.#hosts = new Hosts(settings)
    this.#where = shown(settings.addresses[0]!)
    this.#within = settings.statementTimeout + grace
  }

  query<R extends QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
    options: PostgresCallOptions = none,
  ): Promise<QueryResult<R>> {
    const wrong = misuse(sql, values)
    if (wrong !== undefined) return Promise.reject(wrong)
    const reads = options.readOnly === true
    const once = new Once(reads || options.idempotent === true)
    const ask = (call: Call): Promise<QueryResult> => {
      const connection = this.#enter(once, reads)
      if (connection !== undefined)
        return this.#ask({ connection, pool: this.#hosts.current, call, once, sql, values, options })
      return this.#late(call, reads).then((loan) => this.#ask({ ...loan, call, once, sql, values, options }))
    }
    const words = statementLeg(sql, this.#where)
    return this.#settings.pipeline((call) => onLeg(words, () => ask(call)), options) as Promise<
      QueryResult<R>
    >
  }

  async transaction<T>(
    fn: (transaction: Transaction) => PromiseLike<T> | T,
    options: TransactionOptions = none,
  ): Promise<T> {
    demand(typeof fn === 'function', 'postgres.transaction: fn', fn, 'a function')
    const { isolation, readOnly: reads = false, idempotent = reads } = options
    const begin = beginning(isolation, reads)
    const once = new Once(idempotent)
    const within = this.#within
    const run = async (call: Call): Promise<T> => {
      const connection = this.#enter(once, reads)
      const loan =
        connection === undefined ? await this.#late(call, reads) : { connection, pool: this.#hosts.current }
      try {
        return await runTransaction({
          connection: loan.connection,
          call,
          once,
          fn,
          begin,
          reads,
          idempotent,
          within,
          mark: (text) => this.#marked(text, call),
        })
      } finally {
        loan.pool.give(loan.connection)
      }
    }
    try {
      const words = statementLeg('TRANSACTION', this.#where)
      return (await this.#settings.pipeline((call) => onLeg(words, () => run(call)), options)) as T
    } catch (error) {
      throw error instanceof ThrownInside ? error.cause : error
    }
  }

  status(): PostgresStatus {
    return { state: this.#state, servers: this.#hosts.status() }
  }

  async check(): Promise<PostgresHealth> {
    const { clock } = this.#settings
    const over = new AbortController()
    const stop = clock.after(2_000, () => over.abort(new Error('no answer within 2000 ms')))
    const details = (): PostgresHealth['details'] => ({ servers: this.#hosts.status() })
    try {
      if (this.#state !== 'open') throw closed()
      const { connection, pool } = await this.#hosts.lend(true, over.signal)
      const { readOnly } = connection
      try {
        await connection.ask({ text: 'SELECT 1', call: over, within: this.#within })
      } finally {
        pool.give(connection)
      }
      if (!readOnly) return { status: 'healthy', details: details()! }
      return {
        status: 'degraded',
        reason: `${connection} answers, and only lets data be read`,
        details: details()!,
      }
    } catch (error) {
      const reason = over.signal.aborted ? (over.signal.reason as Error).message : (error as Error).message
      return { status: 'unhealthy', reason, details: details()! }
    } finally {
      stop()
    }
  }

  async close({ drain = 10_000 }: { readonly drain?: number | undefined } = {}): Promise<void> {
    demand(
      typeof drain === 'number' && drain >= 0,
      'postgres.close: drain',
      drain,
      'a number of ms, at least 0',
    )
    const stop = this.#settings.clock.after(drain, () => this.#hurry?.())
    this.#closing ??= this.#drained()
    try {
      await this.#closing
    } finally {
      stop()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #drained(): Promise<void> {
    this.#state = 'draining'
    const late = new Promise<void>((resolve) => (this.#hurry = resolve))
    await Promise.race([this.#hosts.drain(), late])
    this.#state = 'closed'
    this.#hosts.destroy(closed())
  }

  /** What stands before each attempt; answers with a connection if one is to be had at once. */
  #enter(once: Once, reads: boolean): Connection | undefined {
    if (this.#state !== 'open') throw closed()
    once.demand()
    return this.#hosts.take(reads)
  }

  /** A connection for who has to wait for one. */
  async #late({ signal }: Call, reads: boolean): Promise<Loan> {
    const loan = await this.#hosts.lend(reads, signal)
    if (!signal.aborted) return loan
    loan.pool.give(loan.connection)
    throw left(signal)
  }

  /** One attempt at one statement. */
  #ask({ connection, pool, call, once, sql, values, options }: Attempt): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      try {
        once.begin(call)
      } catch (error) {
        pool.give(connection)
        throw error
      }
      connection.run(
        { text: this.#marked(sql, call), values, call, within: this.#within },
        (error, result) => {
          const wrong = error === undefined ? leftBehind(connection, result!) : undefined
          pool.give(connection)
          if (error === undefined) return wrong === undefined ? resolve(result!) : reject(wrong)
          const gone = connection.is === 'gone'
          const idempotent = options.readOnly === true || options.idempotent === true
          const whole = isWhole(sql, values)
          const what = `a statement on ${connection}`
          const failure = failed(error, { what, idempotent, whole, reads: options.readOnly === true, gone })
          once.ended(call, isUndone(failure, whole), failure)
          reject(failure)
        },
      )
    })
  }

  #marked(text: string, call: Call): string {
    const { comments, clock } = this.#settings
    return comments ? commented(text, envelopeOf(call, clock)) : text
  }
}

interface Attempt {
  readonly connection: Connection
  readonly pool: Pool
  readonly call: Call
  readonly once: Once
  readonly sql: string
  readonly values: readonly unknown[] | undefined
  readonly options: PostgresCallOptions
}

const none = {}

/** Whether all of it is undone when it fails: not several statements in one text, nor what commits by itself. */
function isWhole(sql: string, values: readonly unknown[] | undefined): boolean {
  const several = (values === undefined || values.length === 0) && /;\s*\S/.test(sql)
  return !several && !/^(\s|\/\*((?!\*\/)[\s\S])*\*\/|--[^\n]*\n)*(call|do)\b/i.test(sql)
}

function beginning(isolation: Isolation | undefined, reads: boolean): string {
  const known = isolation === undefined || isolations.includes(isolation)
  if (!known)
    throw new OptionError('postgres.transaction: isolation', isolation, `one of ${isolations.join(', ')}`)
  const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation.toUpperCase()}`
  return `BEGIN${level}${reads ? ' READ ONLY' : ''}`
}

const isolations: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable']

function misuse(sql: unknown, values: unknown): unknown {
  try {
    demand(typeof sql === 'string' && sql !== '', 'postgres.query: sql', sql, 'a text')
    demand(values === undefined || Array.isArray(values), 'postgres.query: values', values, 'a list')
    return undefined
  } catch (error) {
    return error
  }
}

/** What a statement leaves on a connection that is no longer its caller's: it would be lost without a word. */
function leftBehind(connection: Connection, { command }: QueryResult): WireFailure | undefined {
  if (connection.inTransaction)
    return new WireFailure({
      class: 'permanent',
      code: 'POSTGRES_LEFT_OPEN',
      message:
        'The statement began a transaction, which was rolled back: the next one goes over another connection.',
      hint: 'Use transaction(fn), which has a connection to itself.',
    })
  if (command !== 'LISTEN') return undefined
  return new WireFailure({
    class: 'permanent',
    code: 'POSTGRES_LISTEN',
    message: 'Nobody would hear of it: what listens is a connection that others use as well.',
    hint: 'Listen with a client of pg of your own.',
  })
}

function left(signal: AbortSignal): WireFailure {
  return new WireFailure({
    class: 'cancelled',
    message: 'the caller left before its statement was sent',
    cause: signal.reason,
  })
}

function closed(): WireFailure {
  return new WireFailure({
    class: 'permanent',
    code: 'POSTGRES_CLOSED',
    message: 'The statement was not sent, or its answer not awaited: this client was closed.',
    hint: 'Make another client, or close this one later.',
  })
}
