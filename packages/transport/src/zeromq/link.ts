import type { Clock } from '@holdfast/policy'
import { curveKeyPair, Dealer, type Event } from 'zeromq'
import { type ClientKeys, isIpv6, outside, sockets } from './sockets.ts'

/*
 * The client's end of a connection: a DEALER socket, and whether there is a peer at its other end. It knows nothing of what is said.
 *
 * I1  What was refused was certainly not sent: without a peer, or into a queue that is full, nothing goes.
 * I2  Whenever a peer goes, `lost` is told once, before the next `joined`, and what the peer had said before is told before `lost`'s next turn of the loop.
 * I3  The socket is never left deaf: where libzmq would not connect again (after a handshake, or a message, that breaks the protocol) it is told to.
 * I4  Once closed it has no socket, no monitor and no timer, and tells nothing more.
 */

export interface LinkOptions {
  readonly address: string
  readonly curve: ClientKeys | undefined
  /** Ms between two heartbeats, and how long the answer may take. */
  readonly heartbeat: number
  /** Bytes; a peer that sends more is cut off. */
  readonly largest: number
  readonly clock: Clock
}

export interface LinkEvents {
  joined(): void
  lost(): void
  /** The peer that there is does not speak as we do; it is asked again. `certain`: no other explanation is left. */
  refused(certain: boolean): void
  said(frames: Buffer[]): void
}

type State =
  | { readonly is: 'apart'; readonly refusals: number }
  | { readonly is: 'joined' }
  | { readonly is: 'closed' }

/** Ms that libzmq has, to say that it connects again by itself. */
const patience = 50

export class Link {
  readonly #options: LinkOptions
  readonly #tell: LinkEvents
  readonly #socket: Dealer
  #state: State = { is: 'apart', refusals: 0 }
  #fresh = false
  #reviving: (() => void) | undefined

  constructor(options: LinkOptions, tell: LinkEvents) {
    this.#options = options
    this.#tell = tell
    const { curve, heartbeat, largest } = options
    this.#socket = new Dealer({
      context: sockets(),
      ipv6: isIpv6(options.address),
      immediate: true,
      linger: 0,
      sendTimeout: 0,
      // libzmq adds up to as much again, by chance; with a maximum it would double first.
      reconnectInterval: 5,
      connectTimeout: 2_000,
      handshakeInterval: 5_000,
      heartbeatInterval: heartbeat,
      heartbeatTimeout: heartbeat,
      maxMessageSize: largest,
      ...(curve && {
        ...ownKeys(curve),
        curveServerKey: curve.serverKey,
      }),
    })
    outside(() => {
      this.#watch()
      this.#listen()
    })
    this.#socket.connect(options.address)
  }

  get is(): State['is'] {
    return this.#state.is
  }

  /** Hands one message to the socket. Rejects if it did not take it: then it was not sent. */
  send(frames: Buffer | (Buffer | null)[]): Promise<void> {
    // Has the socket take note of its new pipe. To ask may hide from `receive` that there is something; to send shows it again.
    if (this.#fresh) this.#fresh = !this.#socket.writable
    return this.#socket.send(frames)
  }

  close(): void {
    if (this.#state.is === 'closed') return
    this.#state = { is: 'closed' }
    this.#reviving?.()
    this.#socket.close()
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const frames = await this.#socket.receive()
        this.#tell.said(frames)
      }
    } catch (error) {
      if (this.is !== 'closed') throw error
    }
  }

  async #watch(): Promise<void> {
    for await (const event of this.#socket.events) {
      if (this.is === 'closed') return
      this.#heed(event)
    }
  }

  #heed({ type }: Event): void {
    switch (type) {
      case 'handshake':
        this.#state = { is: 'joined' }
        this.#fresh = true
        return this.#tell.joined()
      case 'handshake:error:protocol':
      case 'handshake:error:auth':
        return this.#refused(true)
      case 'handshake:error:other':
        return this.#refused(false)
      case 'connect:retry':
      case 'connect:delay':
      case 'connect':
        this.#reviving?.()
        this.#reviving = undefined
        return
      case 'disconnect':
        if (this.#state.is === 'joined') {
          this.#state = { is: 'apart', refusals: 0 }
          this.#tell.lost()
        }
        this.#reviving ??= this.#options.clock.after(patience, () => this.#revive())
    }
  }

  /** A peer that dies in the middle of a handshake looks like one that does not like our key; the third in a row is none. */
  #refused(certain: boolean): void {
    const refusals = this.#state.is === 'apart' ? this.#state.refusals + 1 : 1
    this.#state = { is: 'apart', refusals }
    if (certain || refusals >= 3) this.#tell.refused(certain)
  }

  #revive(): void {
    this.#reviving = undefined
    const { address } = this.#options
    try {
      this.#socket.disconnect(address)
    } catch {
      // libzmq has let go of the address by itself.
    }
    this.#socket.connect(address)
  }
}

function ownKeys({ publicKey, secretKey }: ClientKeys): { curvePublicKey: string; curveSecretKey: string } {
  const own = publicKey === undefined || secretKey === undefined ? curveKeyPair() : { publicKey, secretKey }
  return { curvePublicKey: own.publicKey, curveSecretKey: own.secretKey }
}
