import { type CallOptions, type Clock, OptionError, type Pipeline, systemClock } from '@holdfast/policy'
import { envelopeOf } from '../envelope.ts'
import { type FailureClass, type FailureFacts, failureClasses, WireFailure } from '../failure.ts'
import { type Answer, Conversation, type ConversationStatus, type Dialect } from './conversation.ts'
import { defaultPipeline } from './default-pipeline.ts'
import { type Body, decode, encode, frameOf, type Message, nothing, pingMethod, sizeOf } from './message.ts'
import { packed, unpacked } from './payload.ts'
import { type ClientKeys, demandAddress, demandCount, demandKeys } from './sockets.ts'

export interface ZeromqClientOptions {
  /** `tcp://HOST:PORT` or `ipc://PATH`, of one peer. */
  readonly connect: string
  /** In force for every call; three attempts within 10 s unless it is given. */
  readonly pipeline?: Pipeline | undefined
  /** Encrypts, and trusts no peer but the one with that key. */
  readonly curve?: ClientKeys | undefined
  /** How many calls may wait and be under way together; more are refused as `unsent`. 10,000 unless it is given. */
  readonly highWater?: number | undefined
  /** Ms after which a peer that says nothing is asked whether it lives, and as long again until it is given up. 1,000 unless it is given. */
  readonly heartbeat?: number | undefined
  /** Bytes of one call, with its envelope, and of one answer; 64 MiB unless it is given. */
  readonly largest?: number | undefined
  /** Ms for a call that neither its caller nor its pipeline limits; 30,000 unless it is given. */
  readonly longest?: number | undefined
  readonly clock?: Clock | undefined
}

export interface ZeromqCallOptions extends CallOptions {
  /** Whether it may be done twice; false unless it is said. */
  readonly idempotent?: boolean | undefined
}

/** Calls methods of one peer over ZeroMQ. */
export interface ZeromqClient extends AsyncDisposable {
  /**
   * Asks the peer. A `Uint8Array` travels as its bytes and arrives as such, `undefined` as nothing, anything else as JSON; so do answers. Bytes must not be
   * changed until the call has settled.
   *
   * Without a peer it waits for one, as long as it may. Rejects with a `WireFailure`, with what a policy of the pipeline throws, or with the reason of
   * the caller's signal.
   */
  call<T = unknown>(method: string, payload?: unknown, options?: ZeromqCallOptions): Promise<T>
  /** Whether the peer answers, no handler involved, and outside the pipeline: resolves, or rejects as calls do. Within a second unless `options` says otherwise. */
  ping(options?: Pick<CallOptions, 'signal' | 'within' | 'deadline'>): Promise<void>
  status(): ConversationStatus
  /** Lets go of everything: what is under way rejects, what comes later is refused (`ZEROMQ_CLOSED`). */
  close(): Promise<void>
}

/**
 * A client of a `zeromqServer`: many calls in flight over one connection, each with its own time; it connects when a peer comes, and again when it has gone.
 *
 * A call fails as `broken` the moment its connection does, and as `unsent` if it was certainly not sent. The trace, the correlation and the time left go
 * along, and a peer is told when a call is given up. Close it: an open one keeps the process.
 *
 * Without a pipeline of yours a call has 10 s in all and three attempts, 20 to 200 ms apart, of what may be repeated.
 */
export function zeromqClient(options: ZeromqClientOptions): ZeromqClient {
  const { connect, curve, highWater = 10_000, heartbeat = 1_000 } = options
  const { largest = 64 * 1_024 * 1_024, longest = 30_000, clock = systemClock } = options
  demandAddress('zeromqClient.connect', connect)
  for (const [name, count] of Object.entries({ highWater, heartbeat, largest, longest }))
    demandCount(`zeromqClient.${name}`, count)
  if (curve) demandKeys('zeromqClient.curve', curve)
  const pipeline = options.pipeline ?? defaultPipeline(clock)
  const limits = { room: highWater, window: Infinity, longest, largest: frameOf(largest) }
  const conversation = new Conversation(
    { address: connect, curve, heartbeat, clock, pipeline, ...limits },
    dialect,
  )

  const close = async (): Promise<void> => conversation.close()
  const question = (method: string, body: Body, idempotent: boolean) => ({
    what: method,
    idempotent,
    ask: (call: Parameters<typeof envelopeOf>[0]): Message => {
      const envelope = JSON.stringify(envelopeOf(call, clock))
      const ask: Message = { kind: 'ask', id: 0, method, envelope: envelope === '{}' ? '' : envelope, body }
      if (sizeOf(ask) > largest || Buffer.byteLength(envelope) > 0xffff)
        throw new WireFailure({
          ...tooLarge,
          message: `${method}: too large, ${sizeOf(ask)} bytes of ${largest}`,
        })
      return ask
    },
  })
  return {
    async call<T>(method: string, payload?: unknown, given: ZeromqCallOptions = {}): Promise<T> {
      if (typeof method !== 'string' || method === '' || Buffer.byteLength(method) > 255)
        throw new OptionError('call: method', method, 'a text of 1 to 255 bytes')
      const asked = question(method, packed(payload), given.idempotent === true)
      return conversation.hold(asked, given) as Promise<T>
    },
    async ping(given = {}) {
      const within = given.deadline === undefined ? 1_000 : undefined
      await conversation.probe(question(pingMethod, nothing, true), { within, ...given })
    },
    status: () => conversation.status(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const tooLarge = { class: 'permanent', code: 'ZEROMQ_PAYLOAD' } as const

const dialect: Dialect<Message> = {
  sizeOf,
  tells: true,
  write: (asks, gone) => [
    encode([
      ...asks.map(({ id, ask }) => ({ ...ask, id })),
      ...gone.map((id): Message => ({ kind: 'cancel', id, method: '', envelope: '', body: nothing })),
    ]),
  ],
  read(frames) {
    const messages = frames.length === 1 ? decode(frames[0]!) : undefined
    return messages?.every(({ kind }) => kind === 'reply' || kind === 'failure')
      ? messages.map(answerOf)
      : undefined
  },
}

function answerOf({ id, kind, body }: Message): Answer {
  return {
    id,
    value() {
      const value = unpacked(body)
      if (kind === 'failure') throw factsOf(value)
      return value
    },
  }
}

/** What the peer says of a failure; what makes no sense in it is as if it were not there. */
function factsOf(told: unknown): FailureFacts {
  const { class: of, message, code, retryAfter } = Object(told) as Readonly<Record<string, unknown>>
  return {
    class: failureClasses.includes(of as FailureClass) ? (of as FailureClass) : 'transient',
    message: typeof message === 'string' ? message : 'the peer failed',
    ...(typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) && { code }),
    ...(typeof retryAfter === 'number' && retryAfter >= 0 && { retryAfter }),
  }
}
