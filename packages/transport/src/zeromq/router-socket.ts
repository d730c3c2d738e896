import { type Clock, HoldfastError } from '@holdfast/policy'
import { Router } from 'zeromq'
import { isIpv6, outside, sockets } from './sockets.ts'

/*
 * The server's end of all connections: a ROUTER socket. It knows nothing of what is said.
 *
 * I1  After a caller has gone, a message to it rejects; `gone` is told soon after any caller went, so that one can find out which.
 * I2  `close` resolves when the address is free for another.
 * I3  Once closed it has no socket, no monitor and no timer, and tells nothing more.
 */

export interface RouterSocketOptions {
  readonly bind: string
  readonly secretKey: string | undefined
  readonly heartbeat: number
  readonly largest: number
  readonly clock: Clock
}

export interface RouterEvents {
  said(frames: Buffer[]): void
  /** Some caller has gone, a moment ago. */
  gone(): void
}

/** Ms after which libzmq has let go of a connection of which it says that it broke; and once more, for one that was slow. */
const settling = [5, 100]
/** Ms for the last answers to leave before it is closed: libzmq's own linger loses one in twenty. */
const linger = 20

export class RouterSocket {
  readonly address: string
  readonly #options: RouterSocketOptions
  readonly #tell: RouterEvents
  readonly #socket: Router
  readonly #free = Promise.withResolvers<void>()
  #asking: (() => void)[] = []
  #closed = false

  constructor(options: RouterSocketOptions, tell: RouterEvents) {
    this.#options = options
    this.#tell = tell
    const { bind, secretKey, heartbeat, largest } = options
    this.#socket = new Router({
      context: sockets(),
      ipv6: isIpv6(bind),
      mandatory: true,
      linger: 0,
      sendTimeout: 0,
      handshakeInterval: 5_000,
      heartbeatInterval: heartbeat,
      heartbeatTimeout: heartbeat,
      maxMessageSize: largest,
      ...(secretKey !== undefined && { curveServer: true, curveSecretKey: secretKey }),
    })
    try {
      this.#socket.bindSync(bind)
    } catch (error) {
      this.#socket.close()
      const why = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
      throw new HoldfastError(
        'ZEROMQ_BIND',
        `cannot bind ${bind}: ${why}`,
        'Take another address, or end whoever has this one.',
        { cause: error },
      )
    }
    this.address = this.#socket.lastEndpoint ?? bind
    outside(() => {
      this.#watch()
      this.#listen()
    })
  }

  /** Hands one message to the socket. Rejects with `EHOSTUNREACH` if the caller has gone, with `EAGAIN` if it does not read. */
  send(caller: Buffer, frame: Buffer): Promise<void> {
    return this.#socket.send([caller, frame])
  }

  /** Lets the last answers leave; resolves when the address is free. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#options.clock.after(linger, resolve))
    this.#closed = true
    for (const cancel of this.#asking) cancel()
    this.#socket.close()
    const cancel = this.#options.clock.after(1_000, () => this.#free.resolve())
    await this.#free.promise
    cancel()
  }

  async #listen(): Promise<void> {
    try {
      for (;;) this.#tell.said(await this.#socket.receive())
    } catch (error) {
      if (!this.#closed) throw error
    }
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#socket.events) {
      if (type === 'close') this.#free.resolve()
      if (type === 'disconnect' && !this.#closed) this.#ask()
    }
    this.#free.resolve()
  }

  #ask(): void {
    for (const cancel of this.#asking) cancel()
    this.#asking = settling.map((ms) => this.#options.clock.after(ms, () => this.#tell.gone()))
  }
}
