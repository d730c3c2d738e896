import { type Clock, demand, type Pipeline, systemClock } from '@holdfast/policy'
import type { ClientConfig } from 'pg'
import type { Address } from './address.ts'
import { defaultPipeline } from './default-pipeline.ts'
import { located, place } from './place.ts'

/** Where a database is, and how carefully it is asked. Durations are ms. */
export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database?sslmode=verify-full`. Either it or `host` and what follows, `ssl` excepted. */
  readonly url?: string | undefined
  /** `db.internal`, `db.internal:5433`, or the folder of a socket. */
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly user?: string | undefined
  /** Or a function that is asked for each connection, where passwords expire. */
  readonly password?: string | (() => string | Promise<string>) | undefined
  /** As `node:tls` takes it. */
  readonly ssl?: ClientConfig['ssl'] | undefined
  /** How columns are read, as `pg` takes it. */
  readonly types?: ClientConfig['types'] | undefined
  /**
   * More servers of the same cluster, `host` or `host:port`, with the same user and database. What changes data goes to whichever lets it be changed; what
   * is marked `readOnly` goes there too, and to any other while there is none.
   */
  readonly fallbackHosts?: readonly string[] | undefined
  /**
   * What each call goes through. Left out: a breaker that opens after 5 outages in a row, 3 attempts 0.1 to 1 s apart within a budget, 30 s for each.
   */
  readonly pipeline?: Pipeline | undefined
  /** By which the server's own tables name us: `application_name` (`holdfast`). */
  readonly name?: string | undefined
  /** Connections to each server: `max` (10) at the same time, of which `min` (0) are kept however long they are idle. */
  readonly connections?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
  /** Calls that may wait for a connection (1 000) … */
  readonly queue?: number | undefined
  /** … and for how long (10 000); beyond either they fail as `unsent`. */
  readonly maxWait?: number | undefined
  /** For a connection to be made (10 000). */
  readonly connectTimeout?: number | undefined
  /** For a statement (30 000): the server's `statement_timeout`; where the server is silent, the connection is given up a second later. */
  readonly statementTimeout?: number | undefined
  /** For a transaction in which nothing happens (30 000): the server's `idle_in_transaction_session_timeout`. */
  readonly idleInTransactionTimeout?: number | undefined
  /** After which an idle connection is closed (60 000). */
  readonly idleTimeout?: number | undefined
  /** After which an idle connection is asked whether it still works before it is used (1 000). */
  readonly validateAfter?: number | undefined
  /** Whether the trace and the correlation are sent along, as a comment behind each statement (false). */
  readonly comments?: boolean | undefined
  readonly clock?: Clock | undefined
}

/** Options with nothing left out. */
export interface PostgresSettings {
  /** The first is the one that was named first. */
  readonly addresses: readonly Address[]
  /** What a client of `pg` is given; where it connects to is not in it. */
  readonly client: ClientConfig
  readonly pipeline: Pipeline
  readonly min: number
  readonly max: number
  readonly queue: number
  readonly maxWait: number
  readonly connectTimeout: number
  readonly statementTimeout: number
  readonly idleTimeout: number
  readonly validateAfter: number
  readonly comments: boolean
  readonly clock: Clock
}

const names = new Set([
  ...['url', 'host', 'port', 'database', 'user', 'password', 'ssl', 'types', 'fallbackHosts', 'pipeline'],
  ...['name', 'connections', 'queue', 'maxWait', 'connectTimeout', 'statementTimeout'],
  ...['idleInTransactionTimeout', 'idleTimeout', 'validateAfter', 'comments', 'clock'],
])

/** Checks options and fills in the defaults. What may hold a password is never shown. */
export function settle(options: PostgresOptions): PostgresSettings {
  for (const name of Object.keys(options))
    demand(names.has(name), `postgres.${name}`, 'a name that is none', `one of ${[...names].join(', ')}`)
  const { connections = {}, queue = 1_000, maxWait = 10_000, connectTimeout = 10_000 } = options
  const { statementTimeout = 30_000, idleInTransactionTimeout = 30_000, idleTimeout = 60_000 } = options
  const { validateAfter = 1_000, comments = false, clock = systemClock, name = 'holdfast' } = options
  const { min = 0, max = 10 } = connections
  whole('connections.max', max, 1)
  whole('connections.min', min, 0)
  demand(min <= max, 'postgres.connections.min', min, `at most connections.max (${max})`)
  whole('queue', queue, 0)
  const timeouts = { maxWait, connectTimeout, statementTimeout, idleInTransactionTimeout, idleTimeout }
  for (const [of, ms] of Object.entries(timeouts)) duration(of, ms)
  demand(
    typeof validateAfter === 'number' && validateAfter >= 0,
    'postgres.validateAfter',
    validateAfter,
    'a number of ms, at least 0',
  )
  demand(typeof comments === 'boolean', 'postgres.comments', comments, 'true or false')
  const { first, login } = place(options)
  const fallbacks = (options.fallbackHosts ?? []).map((host) => located('fallbackHosts', host, first.port))
  return {
    addresses: [first, ...fallbacks],
    client: {
      ...login,
      ...(options.types && { types: options.types }),
      application_name: name,
      statement_timeout: Math.ceil(statementTimeout),
      idle_in_transaction_session_timeout: Math.ceil(idleInTransactionTimeout),
    },
    pipeline: options.pipeline ?? defaultPipeline(clock),
    ...{
      min,
      max,
      queue,
      maxWait,
      connectTimeout,
      statementTimeout,
      idleTimeout,
      validateAfter,
      comments,
      clock,
    },
  }
}

function whole(option: string, count: unknown, least: number): void {
  demand(
    Number.isInteger(count) && (count as number) >= least,
    `postgres.${option}`,
    count,
    `a whole number from ${least}`,
  )
}

function duration(option: string, ms: unknown): void {
  const ok = typeof ms === 'number' && ms > 0 && ms < 2 ** 31
  demand(ok, `postgres.${option}`, ms, 'a number of ms above 0')
}
