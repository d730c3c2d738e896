import { type CallOptions, type Clock, OptionError, type Pipeline, systemClock } from '@holdfast/policy'
import { WireFailure } from '../failure.ts'
import { Conversation, type ConversationStatus, type Dialect } from './conversation.ts'
import { defaultPipeline } from './default-pipeline.ts'
import { type ClientKeys, demandAddress, demandCount, demandKeys } from './sockets.ts'

export interface ZeromqRequesterOptions {
  /** `tcp://HOST:PORT` or `ipc://PATH`, of one REP or ROUTER socket. */
  readonly connect: string
  /** In force for every request; three attempts within 10 s unless it is given. */
  readonly pipeline?: Pipeline | undefined
  readonly curve?: ClientKeys | undefined
  /** How many requests may wait and be under way together; more are refused as `unsent`. 10,000 unless it is given. */
  readonly highWater?: number | undefined
  /** Ms after which a peer that says nothing is asked whether it lives, and as long again until it is given up. 1,000 unless it is given. */
  readonly heartbeat?: number | undefined
  /** Bytes of one frame, either way; 64 MiB unless it is given. */
  readonly largest?: number | undefined
  /** Ms for a request that neither its caller nor its pipeline limits; 30,000 unless it is given. */
  readonly longest?: number | undefined
  readonly clock?: Clock | undefined
}

export interface ZeromqRequestOptions extends CallOptions {
  /** Whether it may be done twice; false unless it is said. */
  readonly idempotent?: boolean | undefined
}

/** One frame, or several. */
export type Frames = string | Uint8Array | readonly (string | Uint8Array)[]

/** Asks a plain REP socket, whatever it is written in. */
export interface ZeromqRequester extends AsyncDisposable {
  /** Answers with the frames of the reply. Rejects as the calls of a `zeromqClient` do. */
  request(message: Frames, options?: ZeromqRequestOptions): Promise<readonly Uint8Array[]>
  status(): ConversationStatus
  /** Lets go of everything: what is under way rejects, what comes later is refused (`ZEROMQ_CLOSED`). */
  close(): Promise<void>
}

/**
 * A client of a plain REP socket, such as a Python program with pyzmq: what a REQ socket is, except that it never hangs and never takes a late reply for another.
 *
 * One request is with the peer at a time, the others wait in line. Each is framed as REQ with `ZMQ_REQ_CORRELATE` frames it (an id, an empty frame, the
 * message), which a REP socket gives back as it came; nothing else can come along with it, and a peer is not told when a request is given up.
 */
export function zeromqRequester(options: ZeromqRequesterOptions): ZeromqRequester {
  const { connect, curve, highWater = 10_000, heartbeat = 1_000 } = options
  const { largest = 64 * 1_024 * 1_024, longest = 30_000, clock = systemClock } = options
  demandAddress('zeromqRequester.connect', connect)
  for (const [name, count] of Object.entries({ highWater, heartbeat, largest, longest }))
    demandCount(`zeromqRequester.${name}`, count)
  if (curve) demandKeys('zeromqRequester.curve', curve)
  const pipeline = options.pipeline ?? defaultPipeline(clock)
  const conversation = new Conversation(
    { address: connect, curve, heartbeat, clock, pipeline, room: highWater, window: 1, longest, largest },
    dialect,
  )
  const close = async (): Promise<void> => conversation.close()
  return {
    async request(message, given = {}) {
      const frames = framesOf(message)
      const size = Math.max(...frames.map(({ length }) => length))
      if (size > largest) {
        const text = `request: too large, ${size} bytes of ${largest}`
        throw new WireFailure({ class: 'permanent', code: 'ZEROMQ_PAYLOAD', message: text })
      }
      const question = { what: 'request', idempotent: given.idempotent === true, ask: () => frames }
      return conversation.hold(question, given) as Promise<readonly Uint8Array[]>
    },
    status: () => conversation.status(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function framesOf(message: Frames): readonly Buffer[] {
  const parts = typeof message === 'string' || message instanceof Uint8Array ? [message] : message
  const fits = (part: unknown) => typeof part === 'string' || part instanceof Uint8Array
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every(fits))
    throw new OptionError('request: message', message, 'a text, a Uint8Array, or a list of these')
  return parts.map((part: string | Uint8Array) => Buffer.from(part as string))
}

const delimiter = Buffer.alloc(0)

const dialect: Dialect<readonly Buffer[]> = {
  sizeOf: () => 0,
  tells: false,
  write([first]) {
    const id = Buffer.allocUnsafe(4)
    id.writeUInt32BE(first!.id)
    return [id, delimiter, ...first!.ask]
  },
  read([id, empty, ...frames]) {
    if (id?.length !== 4 || empty?.length !== 0) return undefined
    return [{ id: id.readUInt32BE(), value: () => frames }]
  },
}
