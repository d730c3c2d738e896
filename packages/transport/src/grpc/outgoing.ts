import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { type Call, OptionError, type CallOptions as PolicyOptions, systemClock } from '@holdfast/policy'
import { envelopeOf, timeLeftHeader } from '../envelope.ts'
import type { Once } from '../once.ts'
import { GrpcFailure, GrpcRefusal } from './grpc-failure.ts'
import type { GrpcCallOptions, GrpcMetadata } from './grpc-method.ts'
import type { Wire, WireMethod } from './wire.ts'

/** What the four kinds of calls of grpc-js have in common. */
export interface Surface {
  cancel(): void
  getPeer(): string
}

/** A call of a method, whatever its kind. */
export interface Asked {
  readonly wire: Wire
  readonly method: WireMethod
  readonly options: GrpcCallOptions
  /** Of the attempts of a call; none for a stream, which is sent once. */
  readonly once: Once | undefined
}

/*
 * One attempt on its way to the other side, from before anything is sent until its status is there.
 *
 * O1  It is among those under way from its beginning until `over`, and holds a listener on the call's signal for no longer.
 * O2  What it failed with is told by who ended it: the call's signal, the client that was closed, or else the status.
 */
export class Outgoing {
  readonly metadata: Metadata
  readonly #asked: Asked
  readonly #call: Call
  readonly #signal: AbortSignal
  #surface: Surface | undefined = undefined
  #reason: GrpcRefusal | undefined = undefined

  /** Throws a `GrpcRefusal` where the client makes no calls now, an `OptionError` for metadata that cannot be sent, and what `Once` throws. */
  constructor(asked: Asked, call: Call) {
    const { wire, options } = asked
    const refusal = wire.refusal()
    if (refusal !== undefined) throw refusal
    this.#asked = asked
    this.#call = call
    this.#signal = call.signal
    this.metadata = new Metadata({ waitForReady: options.waitForReady ?? wire.waitForReady })
    putAll(this.metadata, wire.metadata)
    putAll(this.metadata, options.metadata)
    const envelope = envelopeOf(call)
    for (const name in envelope) {
      const text = envelope[name]!
      // Given a deadline, grpc-js would have a timer of its own for each call; that of the pipeline costs a fortieth, and ends the call as well.
      if (name === timeLeftHeader) this.metadata.set('grpc-timeout', timeoutText(Number(text)))
      else put(this.metadata, name, text)
    }
    asked.once?.begin(call)
    wire.underWay.add(this)
  }

  /** Begins a call of grpc-js, and has the signal, and whoever closes the client, cancel it. */
  begin<S extends Surface>(start: () => S): S {
    // For each call grpc-js makes an error whose stack would show nothing but this; it is a tenth of what the call costs.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    let surface: S
    try {
      surface = start()
    } finally {
      Error.stackTraceLimit = limit
    }
    this.#surface = surface
    if (this.#signal.aborted) surface.cancel()
    else this.#signal.addEventListener('abort', this)
    return surface
  }

  /** The call's signal was aborted. */
  handleEvent(): void {
    this.#surface?.cancel()
  }

  /** The client is closed. */
  letGo(): void {
    this.#reason = new GrpcRefusal(
      'GRPC_LET_GO',
      'the client was closed while the call was under way',
      'Close a client when its work is done; the call may have been done.',
    )
    this.#surface?.cancel()
  }

  /** There is nothing more to come. */
  over(): void {
    this.#asked.wire.underWay.delete(this)
    this.#signal.removeEventListener('abort', this)
  }

  /** Says what the attempt failed with. */
  fail(told: StatusObject, reject: (error: unknown) => void): void {
    if (this.#reason !== undefined) return reject(this.#reason)
    const { wire, method, options, once } = this.#asked
    // Whoever never had a connection tells the address that was asked for, not the one that was reached.
    const sent = this.#surface?.getPeer() !== wire.client.getChannel().getTarget()
    const { aborted, reason } = this.#signal
    if (aborted) {
      once?.ended(this.#call, !sent, reason)
      return reject(reason)
    }
    const left = this.#call.deadline - systemClock.now()
    // Both ends have the deadline, and one of them is a moment early: the pipeline's own word for it is on its way.
    if (told.code === status.DEADLINE_EXCEEDED && left < about)
      return this.#signal.addEventListener('abort', () => reject(this.#signal.reason))
    const { idempotent = method.idempotent } = options
    const repeat = once !== undefined
    const failure = new GrpcFailure(
      { method: method.path, address: wire.address, idempotent, sent, repeat },
      told,
    )
    once?.ended(this.#call, failure.undone, failure)
    reject(failure)
  }
}

/** By how many ms the timers of two processes may differ. */
const about = 20

/** What the pipeline is told of a call. */
export function policyOptions(method: WireMethod, options: GrpcCallOptions): PolicyOptions {
  const { signal, deadline, within, key, operation = method.path, priority } = options
  return { signal, deadline, within, key, operation, priority }
}

/** At most eight digits, in ms or else in seconds (gRPC over HTTP/2). */
function timeoutText(ms: number): string {
  return ms < 1e8 ? `${ms}m` : `${Math.min(Math.floor(ms / 1_000), 99_999_999)}S`
}

function putAll(metadata: Metadata, entries: GrpcMetadata = {}): void {
  for (const name in entries) put(metadata, name, entries[name]!)
}

function put(metadata: Metadata, name: string, value: string | Buffer): void {
  try {
    metadata.set(name, value)
  } catch {
    // What grpc-js throws holds the value, which may be a secret.
    throw new OptionError(
      `metadata.${name}`,
      'what it is',
      'printable ASCII, or a Buffer if its name ends in -bin',
    )
  }
}
