import { type Channel, type Clock, channel, demand, systemClock } from '@holdfast/policy'
import { withEnvelope } from '../envelope.ts'
import { WireFailure } from '../failure.ts'
import { onLeg } from '../on-leg.ts'
import { failureOf, pong, refusalOf, replyTo } from './answer.ts'
import { callLeg } from './call-leg.ts'
import { Caller } from './caller.ts'
import type { Handler } from './handle.ts'
import { decode, encode, frameOf, type Message, pingMethod } from './message.ts'
import { unpacked } from './payload.ts'
import { RouterSocket } from './router-socket.ts'
import { demandAddress, demandKey } from './sockets.ts'
import { Work } from './work.ts'

/*
 * I1  What is asked is answered once, unless it was given up, or who asked has gone.
 * I2  There are never more than `concurrency` handlers at work; what is refused was not begun.
 * I3  What is known to be given up before it was begun is never begun; what was begun hears of it by its signal.
 * I4  Nothing that a stranger sends does more than count.
 * I5  A server that closes begins nothing more, gives what it has begun its time, and answers it.
 */

export interface ZeromqServerOptions {
  /** `tcp://HOST:PORT` (port `*` for any that is free) or `ipc://PATH`. */
  readonly bind: string
  /** By the name of their method; none begins with `$`. */
  readonly handlers: Readonly<Record<string, Handler>>
  /** Encrypts: a client must know the public key that belongs to this secret one (see `curveKeyPair` of zeromq). */
  readonly curve?: { readonly secretKey: string } | undefined
  /** How many handlers may be at work together; more is refused as `throttled`. 1,000 unless it is given. */
  readonly concurrency?: number | undefined
  /** Ms after which a client that says nothing is asked whether it lives, and as long again until it is given up. 1,000 unless it is given. */
  readonly heartbeat?: number | undefined
  /** Bytes of one call, with its envelope, and of one answer; 64 MiB unless it is given. */
  readonly largest?: number | undefined
  readonly clock?: Clock | undefined
}

/** What a server tells of itself: `handler.failed` with whatever a handler threw, as it is; the caller is told less. */
export interface ZeromqServerEvent {
  readonly type: 'handler.failed'
  readonly method: string
  readonly error: unknown
}

export interface ZeromqServerStatus {
  readonly is: 'open' | 'closing' | 'closed'
  /** Handlers at work. */
  readonly underWay: number
  /** Clients with something under way. */
  readonly callers: number
  /** Asks that were turned away because too much was under way. */
  readonly refused: number
  /** Messages that made no sense. */
  readonly malformed: number
  /** Answers whose caller had gone, or did not read. */
  readonly undelivered: number
}

export interface ZeromqServer extends AsyncDisposable {
  /** Where it can be reached, the port that it found included. */
  readonly address: string
  readonly events: Channel<ZeromqServerEvent>
  status(): ZeromqServerStatus
  /**
   * Begins nothing more (`unsent`, `ZEROMQ_CLOSING`), gives what is under way `within` ms (10,000 unless it is given), then aborts it, and lets go of
   * everything. Resolves when the address is free.
   */
  close(options?: { readonly within?: number | undefined }): Promise<void>
}

/** Ms after which a client that was refused may come back. */
const comeBack = 50

/**
 * A server of methods for `zeromqClient`s, on a ROUTER socket.
 *
 * Each handler runs in the context that came with the request: the calls it makes, over whatever wire, have the same trace and correlation, and what is left of the
 * deadline; they and its `signal` are aborted when the caller gives up or goes. Throws `ZEROMQ_BIND` if the address cannot be had.
 */
export function zeromqServer(options: ZeromqServerOptions): ZeromqServer {
  const { bind, handlers, curve, concurrency = 1_000, heartbeat = 1_000 } = options
  const { largest = 64 * 1_024 * 1_024, clock = systemClock } = options
  demandAddress('zeromqServer.bind', bind)
  for (const [name, handler] of Object.entries(handlers)) {
    demand(typeof handler === 'function', `zeromqServer.handlers.${name}`, handler, 'a function')
    demand(!name.startsWith('$'), 'zeromqServer.handlers', name, 'names that do not begin with $')
  }
  if (curve) demandKey('zeromqServer.curve.secretKey', curve.secretKey)
  demand(concurrency > 0, 'zeromqServer.concurrency', concurrency, 'a number above 0')
  const socket = { bind, secretKey: curve?.secretKey, heartbeat, largest, clock }
  return new Server(new Map(Object.entries(handlers)), concurrency, socket)
}

class Server implements ZeromqServer {
  readonly events: Channel<ZeromqServerEvent> = channel()
  readonly #handlers: ReadonlyMap<string, Handler>
  readonly #concurrency: number
  readonly #largest: number
  readonly #clock: Clock
  readonly #socket: RouterSocket
  readonly #callers = new Map<string, Caller>()
  readonly #answered = new Set<Caller>()
  #arrived: Work[] = []
  #underWay = 0
  #state: { readonly is: 'open' | 'closing' | 'closed' } = { is: 'open' }
  #closed: Promise<void> | undefined
  #drained = Promise.withResolvers<void>()
  #refused = 0
  #malformed = 0
  #undelivered = 0

  constructor(
    handlers: ReadonlyMap<string, Handler>,
    concurrency: number,
    socket: ConstructorParameters<typeof RouterSocket>[0],
  ) {
    this.#handlers = handlers
    this.#concurrency = concurrency
    this.#largest = socket.largest
    this.#clock = socket.clock
    this.#socket = new RouterSocket(
      { ...socket, largest: frameOf(socket.largest) },
      {
        said: (frames) => this.#said(frames),
        gone: () => this.#whoIsThere(),
      },
    )
  }

  get address(): string {
    return this.#socket.address
  }

  status(): ZeromqServerStatus {
    return {
      is: this.#state.is,
      underWay: this.#underWay,
      callers: this.#callers.size,
      refused: this.#refused,
      malformed: this.#malformed,
      undelivered: this.#undelivered,
    }
  }

  close({ within = 10_000 }: { readonly within?: number | undefined } = {}): Promise<void> {
    this.#closed ??= this.#close(within)
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(within: number): Promise<void> {
    this.#state = { is: 'closing' }
    if (this.#underWay > 0) {
      const cancel = this.#clock.after(within, () => this.#drained.resolve())
      await this.#drained.promise
      cancel()
    }
    const message = 'the server closed before this was done'
    const closing = new WireFailure({ class: 'broken', code: 'ZEROMQ_CLOSING', message })
    for (const caller of this.#callers.values())
      for (const work of caller.works.values()) {
        work.abandon(closing)
        this.#answer(caller, refusalOf(work.ask, closing))
      }
    this.#flush()
    await this.#socket.close()
    this.#state = { is: 'closed' }
    this.#callers.clear()
  }

  #said(frames: readonly Buffer[]): void {
    const messages = frames.length === 2 ? decode(frames[1]!) : undefined
    if (messages === undefined) return void this.#malformed++
    if (messages.length === 0) return
    const caller = this.#callerOf(frames[0]!)
    for (const message of messages) this.#heed(caller, message)
    this.#forget(caller)
  }

  #heed(caller: Caller, message: Message): void {
    const known = caller.works.get(message.id)
    if (message.kind === 'cancel') return known?.abandon(cancelled)
    if (message.kind !== 'ask' || known !== undefined) return void this.#malformed++
    const work = new Work(caller, message)
    caller.works.set(message.id, work)
    // All that has come in is looked at first: some of it may be taken back by what comes behind it.
    if (this.#arrived.push(work) === 1) process.nextTick(() => this.#beginAll())
  }

  #beginAll(): void {
    const arrived = this.#arrived
    this.#arrived = []
    for (const work of arrived) if (work.is === 'arrived') this.#begin(work)
  }

  #begin(work: Work): void {
    const { ask } = work
    const refusal = this.#refusalOf(ask)
    if (refusal !== undefined) return this.#settle(work, refusalOf(work.ask, refusal))
    if (ask.method === pingMethod) return this.#settle(work, pong(ask))
    work.is = 'begun'
    this.#underWay++
    withEnvelope(envelopeIn(ask), () => this.#serve(work), work.signal)
  }

  #refusalOf({ method }: Message): WireFailure | undefined {
    if (this.#state.is !== 'open') return closing
    if (method === pingMethod) return undefined
    if (!this.#handlers.has(method)) {
      const message = `there is no method ${JSON.stringify(method)} here`
      return new WireFailure({ class: 'permanent', code: 'ZEROMQ_METHOD', message })
    }
    if (this.#underWay < this.#concurrency) return undefined
    this.#refused++
    const message = `${method}: ${this.#concurrency} handlers are at work`
    return new WireFailure({ class: 'throttled', code: 'ZEROMQ_BUSY', message, retryAfter: comeBack })
  }

  async #serve(work: Work): Promise<void> {
    const { ask, signal } = work
    try {
      const { method } = ask
      const value = await onLeg(callLeg(method), () =>
        this.#handlers.get(method)!(unpacked(ask.body), { method, signal }),
      )
      this.#settle(work, replyTo(ask, value, this.#largest))
    } catch (error) {
      if (work.is === 'begun') this.events.emit({ type: 'handler.failed', method: ask.method, error })
      this.#settle(work, failureOf(ask, error))
    } finally {
      this.#underWay--
      if (this.#underWay === 0 && this.#state.is === 'closing') this.#drained.resolve()
    }
  }

  #settle(work: Work, answer: Message): void {
    const { caller } = work
    if (work.end()) this.#answer(caller, answer)
    else this.#forget(caller)
  }

  #answer(caller: Caller, answer: Message): void {
    if (!caller.add(answer)) return
    this.#answered.add(caller)
    if (this.#answered.size === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    if (this.#state.is === 'closed') return
    for (const caller of this.#answered) {
      for (const frame of caller.take())
        this.#socket.send(caller.identity, frame).catch((error) => this.#untaken(caller, error))
      this.#forget(caller)
    }
    this.#answered.clear()
  }

  #untaken(caller: Caller, error: NodeJS.ErrnoException): void {
    this.#undelivered++
    if (error.code === 'EHOSTUNREACH') this.#gone(caller)
  }

  /** Somebody has gone: a message to whoever it was does not go out, and an empty one means nothing to the others. */
  #whoIsThere(): void {
    for (const caller of this.#callers.values())
      if (caller.works.size > 0)
        this.#socket.send(caller.identity, encode([])).catch(({ code }: NodeJS.ErrnoException) => {
          if (code === 'EHOSTUNREACH') this.#gone(caller)
        })
  }

  #gone(caller: Caller): void {
    for (const work of [...caller.works.values()]) work.abandon(vanished)
    this.#forget(caller)
  }

  #callerOf(identity: Buffer): Caller {
    const name = identity.toString('latin1')
    let caller = this.#callers.get(name)
    if (caller === undefined) {
      caller = new Caller(identity)
      this.#callers.set(name, caller)
    }
    return caller
  }

  #forget(caller: Caller): void {
    if (caller.idle) this.#callers.delete(caller.identity.toString('latin1'))
  }
}

const cancelled = new WireFailure({ class: 'cancelled', message: 'whoever asked has given this up' })
const vanished = new WireFailure({ class: 'cancelled', message: 'whoever asked has gone' })
const closing = new WireFailure({ class: 'unsent', code: 'ZEROMQ_CLOSING', message: 'the server is closing' })

/** What came along, as far as it makes sense. */
function envelopeIn({ envelope }: Message): Readonly<Record<string, string>> {
  if (envelope === '') return {}
  try {
    const said = JSON.parse(envelope) as Readonly<Record<string, unknown>>
    const texts: Record<string, string> = {}
    for (const name in said) {
      const text = said[name]
      if (typeof text === 'string') texts[name] = text
    }
    return texts
  } catch {
    return {}
  }
}
