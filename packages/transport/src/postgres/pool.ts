import type { Clock } from '@holdfast/policy'
import { WireFailure } from '../failure.ts'
import { type Address, shown } from './address.ts'
import { Connection, grace } from './connection.ts'
import { failedToConnect } from './postgres-failure.ts'
import type { PostgresSettings } from './postgres-options.ts'

/*
 * The connections to one server.
 *
 * It is our own and not the driver's: that one keeps connections that have a transaction open, drops those on which a statement failed, and knows of no
 * queue that is full.
 *
 * I1  There are never more than `max` connections, those included that are made, that are cancelled and that are tested.
 * I2  A connection is idle, or lent to one call, or none of ours; it is lent only when it is ready and outside of any transaction.
 * I3  Who waits is let in in the order of coming, or told why not: too long, left, closed, or no connection to be had while none works.
 * I4  While someone waits, every place that is free is being filled.
 */

/** How the connections to one server are. */
export interface PoolStatus {
  /** `host:port`. */
  readonly address: string
  /** What it said last of itself. */
  readonly role: 'unknown' | 'primary' | 'read-only'
  /** Whether the last attempt to connect failed. */
  readonly away: boolean
  readonly idle: number
  /** Lent to calls, being made, or being cancelled. */
  readonly busy: number
  readonly waiting: number
}

interface Waiter {
  readonly answer: (connection: Connection) => void
  readonly refuse: (error: WireFailure) => void
}

export class Pool {
  readonly address: Address
  readonly #settings: PostgresSettings
  readonly #clock: Clock
  /** Idle ones, the one that was used last at the end. */
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()
  readonly #waiting = new Set<Waiter>()
  #opening = 0
  /** Calls that want a connection and have none yet. */
  #entering = 0
  #closed: { readonly is: 'no' | 'draining' } | { readonly is: 'yes'; readonly why: WireFailure } = {
    is: 'no',
  }
  #role: PoolStatus['role'] = 'unknown'
  #away: WireFailure | undefined
  #sweep: NodeJS.Timeout | undefined
  #emptied: (() => void) | undefined

  constructor(address: Address, settings: PostgresSettings) {
    this.address = address
    this.#settings = settings
    this.#clock = settings.clock
  }

  get role(): PoolStatus['role'] {
    return this.#role
  }

  /** Why the last attempt to connect failed, if it did. */
  get away(): WireFailure | undefined {
    return this.#away
  }

  /** A connection that was in use a moment ago, if one is idle. */
  take(): Connection | undefined {
    const last = this.#idle.at(-1)
    if (last === undefined || this.#clock.now() - last.since > this.#settings.validateAfter) return undefined
    this.#idle.pop()
    return last
  }

  /** A connection that works, now or as soon as there is one. */
  async lend(signal?: AbortSignal): Promise<Connection> {
    this.#entering++
    try {
      for (;;) {
        const idle = this.take() ?? (await this.#tested())
        if (idle !== undefined) return idle
        if (this.#idle.length === 0) return await this.#wait(signal)
      }
    } finally {
      this.#entering--
      this.#tellEmptied()
    }
  }

  /** Takes a connection back, in whatever state it is. */
  give(connection: Connection): void {
    if (connection.is === 'ready') this.#settled(connection)
    else connection.whenSettled(this.#settled)
  }

  status(): PoolStatus {
    const { length } = this.#idle
    return {
      address: shown(this.address),
      role: this.#role,
      away: this.#away !== undefined,
      idle: length,
      busy: this.#all.size - length,
      waiting: this.#waiting.size,
    }
  }

  /** Lets nobody in any more; resolves when all who are in have gone. */
  async drain(): Promise<void> {
    this.#closed = { is: 'draining' }
    for (const connection of this.#idle.splice(0)) this.#close(connection)
    if (this.#all.size + this.#entering > 0) await new Promise<void>((resolve) => (this.#emptied = resolve))
  }

  /** Drops everything at once. */
  destroy(why: WireFailure): void {
    this.#closed = { is: 'yes', why }
    clearTimeout(this.#sweep)
    for (const waiter of [...this.#waiting]) waiter.refuse(why)
    for (const connection of [...this.#all]) {
      connection.destroy(why)
      this.#forget(connection)
    }
  }

  /** The idle connection that was used last, if it still answers. */
  async #tested(): Promise<Connection | undefined> {
    const connection = this.#idle.pop()
    if (connection === undefined) return undefined
    try {
      await connection.ask({ text: '', within: grace })
      return connection
    } catch {
      connection.destroy()
      this.#forget(connection)
      return undefined
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#closed.is === 'yes') return Promise.reject(this.#closed.why)
    const { queue, maxWait, max } = this.#settings
    const spare = max - this.#all.size
    if (this.#waiting.size >= queue + spare)
      return Promise.reject(
        full(`${max} connections are in use and ${this.#waiting.size} calls wait for one`),
      )
    return new Promise((resolve, reject) => {
      const over = () => {
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', left)
        stop()
      }
      const waiter: Waiter = {
        answer: (connection) => {
          over()
          resolve(connection)
        },
        refuse: (error) => {
          over()
          reject(error)
        },
      }
      const left = () =>
        waiter.refuse(
          new WireFailure({
            class: 'cancelled',
            message: 'the caller left while it waited for a connection',
            cause: signal?.reason,
          }),
        )
      const stop = this.#clock.after(maxWait, () =>
        waiter.refuse(full(`no connection came free within ${maxWait} ms`)),
      )
      signal?.addEventListener('abort', left)
      this.#waiting.add(waiter)
      this.#fill()
    })
  }

  /** Makes connections for those who wait, as far as there is room. */
  #fill(): void {
    while (this.#opening < this.#waiting.size && this.#all.size < this.#settings.max) void this.#open()
  }

  async #open(): Promise<void> {
    const { client, connectTimeout } = this.#settings
    const connection = new Connection({ address: this.address, client, connectTimeout, clock: this.#clock })
    this.#all.add(connection)
    this.#opening++
    try {
      await connection.open()
      this.#away = undefined
      this.#opening--
    } catch (error) {
      this.#opening--
      this.#away = failedToConnect(error, shown(this.address))
      this.#forget(connection)
      // As long as some connection works, there will be one for who waits.
      const works = this.#all.size > this.#opening
      if (!works) for (const waiter of [...this.#waiting]) waiter.refuse(this.#away)
      return
    }
    this.give(connection)
  }

  readonly #settled = (connection: Connection): void => {
    if (connection.is === 'gone') {
      this.#forget(connection)
      return this.#fill()
    }
    if (connection.inTransaction) {
      this.#close(connection)
      return this.#fill()
    }
    this.#role = connection.readOnly ? 'read-only' : 'primary'
    const next = this.#waiting.values().next().value
    if (next !== undefined) return next.answer(connection)
    if (this.#closed.is !== 'no') return this.#close(connection)
    this.#idle.push(connection)
    connection.whenGone(this.#lost)
    this.#arm()
  }

  readonly #lost = (connection: Connection): void => {
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#forget(connection)
  }

  #close(connection: Connection): void {
    connection.close()
    this.#forget(connection)
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection)
    this.#tellEmptied()
  }

  #tellEmptied(): void {
    if (this.#closed.is === 'no' || this.#all.size + this.#entering > 0) return
    clearTimeout(this.#sweep)
    this.#emptied?.()
  }

  /** Looks after connections that nobody needs. The timer is one of Node's own, since no process must live on for it. */
  #arm(): void {
    this.#sweep ??= setTimeout(() => {
      this.#sweep = undefined
      const { min, idleTimeout } = this.#settings
      const now = this.#clock.now()
      while (this.#all.size > min && this.#idle.length > 0 && now - this.#idle[0]!.since >= idleTimeout)
        this.#close(this.#idle.shift()!)
      if (this.#idle.length > 0) this.#arm()
    }, this.#settings.idleTimeout).unref()
  }
}

function full(why: string): WireFailure {
  return new WireFailure({
    class: 'unsent',
    code: 'POSTGRES_POOL_FULL',
    message: `The statement was not sent: ${why}.`,
    hint: 'Allow more connections, or ask for less at a time; it is safe to try again.',
  })
}
