import { Socket } from 'node:net'
import type { Clock } from '@holdfast/policy'
import { Client, type ClientConfig, type QueryResult } from 'pg'
import { type Address, shown } from './address.ts'
import { type CancelRequest, cancelRequest } from './cancel-request.ts'

/*
 * One connection to one server, and what is under way on it.
 *
 * I1  One statement at a time; who asks for it is told once how it ended.
 * I2  It is `ready` only when the server has said that it is: nothing that was answered is left unread, and nothing unanswered.
 * I3  After a cancel request it is ready only when the server has also closed the connection of the request, so that the request cannot hit what comes
 *     next. What is not ready in time is gone.
 * I4  Gone is for good.
 * I5  Its socket keeps no process alive; a statement does, by its timer.
 */

/** Who is told how a statement ended. */
export type Told = (error: Error | undefined, result: QueryResult | undefined) => void

export interface Statement {
  readonly text: string
  readonly values?: readonly unknown[] | undefined
  /** Its signal cancels the statement. It is not looked at before `soon`: most statements are over by then, and a signal costs as much as a policy. */
  readonly call?: { readonly signal: AbortSignal } | undefined
  /** The ms after which a server that says nothing is given up. */
  readonly within: number
}

/** Who is told that a connection is gone, and why. */
export type Mourner = (connection: Connection, why: Error) => void

/** What a connection is made with. */
export interface ConnectionSettings {
  readonly address: Address
  readonly client: ClientConfig
  readonly connectTimeout: number
  readonly clock: Clock
}

export type ConnectionState = 'connecting' | 'ready' | 'asked' | 'settling' | 'abandoned' | 'gone'

/** For an answer to a cancel request, in ms, and for whatever else should take no time. */
export const grace = 1_000

/** The server said nothing for so long that its connection was given up. */
export class Silence extends Error {}

/** The connection was lost before the statement was sent. */
export class Unsent extends Error {}

/** The caller of a statement left. */
export class Left extends Error {}

export class Connection {
  readonly address: Address
  /** When it became ready last, on its clock. */
  since = 0
  readonly #client: Client
  readonly #socket = new Socket()
  readonly #settings: ConnectionSettings
  /** Whether the server changes no data, as it says by itself whenever that changes (since PostgreSQL 14): it follows another, or was set so. */
  readonly #readOnly = { in_hot_standby: false, default_transaction_read_only: false }
  #is: ConnectionState = 'connecting'
  #told: Told | undefined
  #signal: AbortSignal | undefined
  #wake: (() => void) | undefined
  #turn = 0
  #cancelling: CancelRequest | undefined
  #answered = true
  /** Are called when it is ready or gone, whichever comes. */
  #watchers: ((connection: Connection) => void)[] = []
  #mourner: Mourner | undefined

  constructor(settings: ConnectionSettings) {
    const { address, client } = settings
    this.address = address
    this.#settings = settings
    const { host, port } = address
    this.#client = new Client({ ...client, host, port, stream: () => this.#socket })
    guard(this.#client)
    this.#client.on('error', (error: Error) => this.#lose(error))
    this.#client.on('end', () => this.#lose(new Error('the connection ended')))
    this.#client.connection.on(
      'parameterStatus',
      ({ parameterName: name, parameterValue: value }: Report) => {
        if (name === 'in_hot_standby' || name === 'default_transaction_read_only')
          this.#readOnly[name] = value === 'on'
      },
    )
  }

  get is(): ConnectionState {
    return this.#is
  }

  get readOnly(): boolean {
    return this.#readOnly.in_hot_standby || this.#readOnly.default_transaction_read_only
  }

  get isGone(): boolean {
    return this.#is === 'gone'
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#client.getTransactionStatus() !== 'I'
  }

  /** Whether a statement of the open transaction has failed. */
  get hasFailed(): boolean {
    return this.#client.getTransactionStatus() === 'E'
  }

  /** Becomes ready, or is gone and rejects. */
  async open(): Promise<void> {
    const { clock, connectTimeout } = this.#settings
    const late = new Silence(`no connection within ${connectTimeout} ms`)
    const stop = clock.after(connectTimeout, () => this.#socket.destroy(late))
    try {
      await this.#client.connect()
      if (this.#is === 'gone') throw new Error('the connection was closed while it was made')
      this.#socket.unref()
      this.#socket.setKeepAlive(true, 30_000)
      this.#is = 'ready'
      this.since = clock.now()
    } catch (error) {
      this.destroy()
      throw error
    } finally {
      stop()
    }
  }

  /** Asks for a statement, of a connection that was ready a moment ago. */
  run(statement: Statement, told: Told): void {
    if (this.#is !== 'ready') return told(new Unsent('the connection was lost before it was used'), undefined)
    const { text, values, call, within } = statement
    const turn = ++this.#turn
    this.#is = 'asked'
    this.#told = told
    this.#watch(within, call)
    const done = (error: Error | undefined | null, result: QueryResult) => {
      if (turn === this.#turn) this.#answer(error ?? undefined, result)
    }
    if (values === undefined) this.#client.query(text, done)
    else this.#client.query(text, values as unknown[], done)
  }

  /** The same, as a promise. */
  ask(statement: Statement): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      this.run(statement, (error, result) => (error === undefined ? resolve(result!) : reject(error)))
    })
  }

  /** Calls back once, as soon as it is ready or gone; at once if it is. */
  whenSettled(watcher: (connection: Connection) => void): void {
    if (this.#is === 'ready' || this.#is === 'gone') watcher(this)
    else this.#watchers.push(watcher)
  }

  /** Calls back if it is gone while it is ready; the last who asked counts. */
  whenGone(mourner: Mourner): void {
    this.#mourner = mourner
  }

  /** Says goodbye and closes; only while it is ready. */
  close(): void {
    if (this.#is === 'gone') return
    this.#is = 'gone'
    this.#client.end().catch(() => undefined)
    // Who does not take leave in return is left all the same; meanwhile nothing is kept alive.
    setTimeout(() => this.#socket.destroy(), grace).unref()
  }

  /** Drops the connection, whatever goes on. Who waits for an answer is told that it is lost. */
  destroy(reason: Error = new Error('the connection was dropped')): void {
    this.#lose(reason)
    this.#socket.destroy()
  }

  /** The caller of what is under way left. */
  handleEvent(): void {
    this.abandon(this.#signal?.reason)
  }

  /** Cancels what is under way, if anything is: who asked is told at once, whatever the server makes of it. */
  abandon(reason: unknown): void {
    this.#abandon(new Left('the caller left', { cause: reason }))
  }

  /** Gives up who says nothing, and listens to the caller from `soon` on. */
  #watch(within: number, call?: Statement['call']): void {
    const { clock } = this.#settings
    const end = clock.now() + within
    const look = () => {
      if (call !== undefined && this.#signal === undefined) {
        this.#listen(call.signal)
        if (this.#is !== 'asked') return
      }
      const left = end - clock.now()
      if (left > 0) this.#wake = clock.after(Math.min(left, shortly), look)
      else if (this.#is === 'asked') this.#abandon(new Silence(`no answer within ${Math.round(within)} ms`))
      else this.destroy()
    }
    this.#wake = clock.after(Math.min(within, call === undefined ? shortly : soon), look)
  }

  #listen(signal: AbortSignal): void {
    this.#signal = signal
    if (signal.aborted) this.handleEvent()
    else signal.addEventListener('abort', this)
  }

  /** Nobody waits any more: the server is asked to stop, and given a moment for it. */
  #abandon(error: Error): void {
    if (this.#is !== 'asked') return
    this.#is = 'abandoned'
    this.#answered = false
    const told = this.#release()
    this.#watch(grace)
    const { processID: processId, secretKey: secret } = this.#client as unknown as Readonly<
      Record<'processID' | 'secretKey', number>
    >
    this.#cancelling = cancelRequest(this.address, { processId, secret })
    this.#cancelling.done.then(
      () => {
        this.#cancelling = undefined
        this.#settle()
      },
      () => this.destroy(),
    )
    told?.(error, undefined)
  }

  /** The server has answered. After an error it says a moment later that it is ready. */
  #answer(error: Error | undefined, result: QueryResult): void {
    if (this.#is !== 'asked') {
      if (this.#is === 'abandoned')
        this.#whenDrained(error !== undefined, () => {
          this.#answered = true
          this.#settle()
        })
      return
    }
    const told = this.#release()
    if (error === undefined) {
      this.#is = 'ready'
      this.since = this.#settings.clock.now()
    } else {
      this.#is = 'settling'
      this.#watch(grace)
      this.#whenDrained(true, () => this.#settle())
    }
    told?.(error, result)
  }

  #whenDrained(later: boolean, then: () => void): void {
    if (later) this.#client.once('drain', then)
    else then()
  }

  /** Ready again, unless something is still open. */
  #settle(): void {
    if (this.#is === 'gone' || !this.#answered || this.#cancelling !== undefined) return
    this.#wake?.()
    this.#is = 'ready'
    this.since = this.#settings.clock.now()
    this.#tellWatchers()
  }

  #lose(error: Error): void {
    if (this.#is === 'gone') return
    const idle = this.#is === 'ready'
    this.#is = 'gone'
    const told = this.#release()
    this.#cancelling?.giveUp()
    this.#socket.destroy()
    told?.(error, undefined)
    if (idle) this.#mourner?.(this, error)
    this.#tellWatchers()
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers.splice(0)) watcher(this)
  }

  #release(): Told | undefined {
    const told = this.#told
    this.#told = undefined
    this.#wake?.()
    this.#signal?.removeEventListener('abort', this)
    this.#signal = undefined
    return told
  }

  toString(): string {
    return shown(this.address)
  }
}

/** What a server says and cannot be read breaks its connection: by itself the driver throws it in whatever reads the socket, which ends the process. */
function guard(client: Client): void {
  const connection = client.connection as unknown as { attachListeners(stream: Socket): void }
  const attach = connection.attachListeners
  connection.attachListeners = (stream) => {
    const emit = stream.emit.bind(stream) as (...given: unknown[]) => boolean
    stream.emit = (...given: unknown[]) => {
      try {
        return emit(...given)
      } catch (error) {
        if (given[0] !== 'data') throw error
        stream.destroy(error as Error)
        return true
      }
    }
    attach.call(connection, stream)
  }
}

interface Report {
  readonly parameterName: string
  readonly parameterValue: string
}

/** Ms. */
const soon = 5

/** Timers of less than a second cost next to nothing; longer ones are made of them. */
const shortly = 900
