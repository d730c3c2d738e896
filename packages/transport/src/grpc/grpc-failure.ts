import { type Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { type FailureClass, mayRepeat, WireFailure } from '../failure.ts'
import { comeBack } from './retry-info.ts'

/** A call over gRPC that ended with another status than OK. Its message holds nothing that the other side wrote: that is in `details` and `trailers`. */
export class GrpcFailure extends WireFailure {
  /** Fully qualified: `/kernel.v1.Kernel/Ask`. */
  readonly method: string
  /** The name of the status: `UNAVAILABLE`. */
  readonly grpcStatus: string
  /** The text that came with the status. */
  readonly details: string
  override readonly retryable: boolean
  /** Whether it says that nothing was done. */
  readonly undone: boolean
  readonly #trailers: Metadata

  constructor({ method, address, idempotent, sent, repeat = true }: Attempted, told: StatusObject) {
    const { code, details, metadata } = told
    const back = comeBack(metadata)
    const meaning = meaningOf(told, sent)
    const name = status[code] ?? String(code)
    super({
      class: meaning.class,
      message: `${method} on ${address} failed with ${name}${meaning.why === undefined ? '' : `: ${meaning.why}`}`,
      idempotent,
      retryAfter: typeof back === 'number' ? back : undefined,
      ...(meaning.tls && { code: 'GRPC_TLS', hint: tlsHint }),
    })
    this.method = method
    this.grpcStatus = name
    this.details = details
    this.retryable = repeat && back !== 'never' && mayRepeat(meaning.class, idempotent)
    this.undone = mayRepeat(meaning.class, false) || refusals.has(code)
    this.#trailers = metadata
  }

  /** What came with the status besides its text. */
  get trailers(): Metadata {
    return this.#trailers
  }
}

/** With which the other side says that it did nothing of what was asked; UNIMPLEMENTED is also what grpc-js makes of an answer without a message. */
const refusals: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNAUTHENTICATED,
])

/** A client that would not make the call. Nothing was sent. */
export class GrpcRefusal extends WireFailure {
  constructor(code: 'GRPC_CLOSED' | 'GRPC_LET_GO' | 'GRPC_UNHEALTHY', message: string, hint: string) {
    super({ class: refused[code], code, message, hint })
  }
}

const refused = { GRPC_CLOSED: 'permanent', GRPC_LET_GO: 'cancelled', GRPC_UNHEALTHY: 'unsent' } as const

/** What is known of an attempt that failed. */
export interface Attempted {
  readonly method: string
  readonly address: string
  readonly idempotent: boolean
  /** Whether it was given to a connection. */
  readonly sent: boolean
  /** Whether it could be made again at all; streams cannot. */
  readonly repeat?: boolean
}

interface Meaning {
  readonly class: FailureClass
  /** Our side's words for what happened, if it happened on our side. */
  readonly why?: string
  readonly tls?: boolean
}

const tlsHint =
  'See whether `tls` holds the authority that signed the certificate of the other side, the name it is for, and what it asks of clients.'

/**
 * What a status means. Those that grpc-js makes by itself (no connection, a connection that broke, a message too large) bear the codes of the ones that
 * servers send, so that its texts have to tell them apart.
 */
function meaningOf({ code, details, metadata }: StatusObject, sent: boolean): Meaning {
  if (!sent && code === status.UNAVAILABLE) return unconnected(details)
  // A handler that passes on what it met elsewhere says the same words, but not without trailers.
  const ours = Object.keys(metadata.getMap()).length === 0
  if (code === status.UNAVAILABLE && details.startsWith('Stream refused') && ours)
    return { class: 'unsent', why: 'the other side takes no more calls on this connection' }
  if (isCut(code, details))
    return { class: 'broken', why: 'the connection broke, or the other side let go of the call' }
  if (tooLarge.test(details) && code === status.RESOURCE_EXHAUSTED)
    return { class: 'permanent', why: 'a message is larger than is allowed' }
  if (code === status.INTERNAL && unreadable.test(details))
    return { class: 'permanent', why: 'a message cannot be written or read' }
  return { class: classes[code] ?? 'transient' }
}

function unconnected(details: string): Meaning {
  const [, tlsFault] = details.match(tlsFaults) ?? []
  if (tlsFault !== undefined)
    return { class: 'permanent', why: `no secure connection, ${tlsFault}`, tls: true }
  const [, fault = 'there is none'] = details.match(socketFaults) ?? []
  return { class: 'unsent', why: `no connection, ${fault}` }
}

/** Without a status from the other side. */
function isCut(code: status, details: string): boolean {
  if (code === status.CANCELLED) return true
  if (code === status.UNAVAILABLE) return /^(Connection dropped|(read|write) E)/.test(details)
  return (
    code === status.INTERNAL && /^(Received RST_STREAM|Failed to start HTTP\/2|(read|write) E)/.test(details)
  )
}

const tooLarge = /larger than|size larger/
const unreadable = /^(Request message serialization failure|Response message parsing error)/
const socketFaults = /\b(E[A-Z_]{4,}|Name resolution failed|Failed to connect)/
const tlsFaults =
  /(unable to (?:verify|get)[^.(]*|self[- ]signed certificate[^.(]*|certificate has expired|certificate is not yet valid|Hostname\/IP does not match[^:.(]*|wrong version number|(?:tls|ssl)[a-z0-9 ]* alert [a-z ]+|packet length too long)/i

/** What each status means that the other side sent (grpc.io/docs/guides/status-codes). */
const classes: Readonly<Record<number, FailureClass>> = {
  [status.UNKNOWN]: 'transient',
  [status.INVALID_ARGUMENT]: 'permanent',
  [status.DEADLINE_EXCEEDED]: 'timeout',
  [status.NOT_FOUND]: 'permanent',
  [status.ALREADY_EXISTS]: 'permanent',
  [status.PERMISSION_DENIED]: 'permanent',
  [status.RESOURCE_EXHAUSTED]: 'throttled',
  [status.FAILED_PRECONDITION]: 'permanent',
  [status.ABORTED]: 'transient',
  [status.OUT_OF_RANGE]: 'permanent',
  [status.UNIMPLEMENTED]: 'permanent',
  [status.INTERNAL]: 'transient',
  [status.UNAVAILABLE]: 'transient',
  [status.DATA_LOSS]: 'permanent',
  [status.UNAUTHENTICATED]: 'permanent',
}
