import { WireFailure } from '../failure.ts'
import { shown } from './address.ts'
import { type Connection, grace } from './connection.ts'
import { Pool, type PoolStatus } from './pool.ts'
import type { PostgresSettings } from './postgres-options.ts'

/** A connection, and the pool that it must be given back to. */
export interface Loan {
  readonly connection: Connection
  readonly pool: Pool
}

/*
 * The servers of one cluster, and which of them is asked.
 *
 * I1  Where there are several, what is not marked as reading gets a connection only to a server that says that it changes data.
 * I2  What is marked as reading goes the same way, and to any other server while that one has no connection to give.
 * I3  One that was away is tried by those who have no other, and in the background by those who have.
 */
export class Hosts {
  readonly #pools: readonly [Pool, ...Pool[]]
  /** The server that changed data last. */
  #current: Pool
  readonly #probed = new WeakSet<Pool>()

  constructor(settings: PostgresSettings) {
    const [first, ...others] = settings.addresses.map((address) => new Pool(address, settings))
    this.#pools = [first!, ...others]
    this.#current = first!
  }

  /** A connection that can be had at once, of the server that is asked first. */
  take(reads: boolean): Connection | undefined {
    const connection = this.#current.take()
    if (connection === undefined || reads || !connection.readOnly || this.#pools.length === 1)
      return connection
    this.#current.give(connection)
    return undefined
  }

  /** The server that `take` takes from. */
  get current(): Pool {
    return this.#current
  }

  /** A connection as soon as there is one; it tries one server after the other. */
  async lend(reads: boolean, signal?: AbortSignal): Promise<Loan> {
    if (this.#pools.length === 1) return { connection: await this.#current.lend(signal), pool: this.#current }
    let failure: WireFailure | undefined
    for (const pool of this.#order()) {
      let connection: Connection
      try {
        connection = await pool.lend(signal)
        // What an idle connection knows may be old: whatever it is asked, it says first what has changed.
        if (connection.readOnly && !reads)
          await connection.ask({ text: '', within: grace }).catch(() => undefined)
      } catch (error) {
        if (!isElsewhere(error)) throw error
        failure ??= error
        continue
      }
      if (connection.is === 'ready' && !connection.readOnly) this.#current = pool
      else if (!reads) {
        pool.give(connection)
        continue
      }
      if (reads) this.#probe()
      return { connection, pool }
    }
    throw failure ?? this.#noPrimary()
  }

  status(): readonly PoolStatus[] {
    return this.#pools.map((pool) => pool.status())
  }

  async drain(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.drain()))
  }

  destroy(why: WireFailure): void {
    for (const pool of this.#pools) pool.destroy(why)
  }

  /** First who changed data last; last who cannot be reached. */
  #order(): Pool[] {
    const order = [this.#current, ...this.#pools.filter((pool) => pool !== this.#current)]
    return [
      ...order.filter(({ away }) => away === undefined),
      ...order.filter(({ away }) => away !== undefined),
    ]
  }

  #probe(): void {
    for (const pool of this.#pools) {
      if (pool.away === undefined || this.#probed.has(pool)) continue
      this.#probed.add(pool)
      pool
        .lend()
        .then((connection) => pool.give(connection))
        .catch(() => undefined)
        .finally(() => this.#probed.delete(pool))
    }
  }

  #noPrimary(): WireFailure {
    const all = this.#pools.map(({ address }) => shown(address)).join(', ')
    return new WireFailure({
      class: 'unsent',
      code: 'POSTGRES_READ_ONLY',
      message: `None of the servers lets data be changed: ${all}.`,
      hint: 'See where the primary is; what only reads may be marked readOnly.',
    })
  }
}

/** Whether another server may be able to do it. */
function isElsewhere(error: unknown): error is WireFailure {
  const away = error instanceof WireFailure && (error.class === 'unsent' || error.class === 'throttled')
  return away && error.code !== 'POSTGRES_POOL_FULL'
}
