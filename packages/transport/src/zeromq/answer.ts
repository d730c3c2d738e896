import { HoldfastError, retryAfterOf } from '@holdfast/policy'
import { type FailureFacts, WireFailure } from '../failure.ts'
import { TurnedAway } from './handle.ts'
import { type Message, nothing } from './message.ts'
import { packed } from './payload.ts'

/** The answer to an ask; bytes above `largest` are a failure. */
export function replyTo(ask: Message, value: unknown, largest: number): Message {
  const body = packed(value)
  if (body.bytes.length > largest) {
    const message = `${ask.method} answered with ${body.bytes.length} bytes, of ${largest} at most`
    throw new WireFailure({ class: 'permanent', code: 'ZEROMQ_PAYLOAD', message })
  }
  return { kind: 'reply', id: ask.id, method: '', envelope: '', body }
}

/** What the caller is told of a handler that failed: nothing that only the server may know. */
export function failureOf(ask: Message, error: unknown): Message {
  return failure(ask, factsOf(ask.method, error))
}

/** What the caller is told by the server itself, no handler involved. */
export function refusalOf(ask: Message, refusal: WireFailure): Message {
  return failure(ask, pick(refusal))
}

function failure(ask: Message, { class: of, message, code, retryAfter }: FailureFacts): Message {
  const body = packed({ class: of, message, code, ...(Number.isFinite(retryAfter) && { retryAfter }) })
  return { kind: 'failure', id: ask.id, method: '', envelope: '', body }
}

/** An answer of nothing. */
export function pong(ask: Message): Message {
  return { kind: 'reply', id: ask.id, method: '', envelope: '', body: nothing }
}

function factsOf(method: string, error: unknown): FailureFacts {
  if (error instanceof WireFailure) {
    // What was not done elsewhere says nothing of what the handler has done before: it has come this far.
    const elsewhere = error.class === 'unsent' || error.class === 'throttled'
    return elsewhere && !(error instanceof TurnedAway) ? { ...pick(error), class: 'transient' } : pick(error)
  }
  if (!(error instanceof HoldfastError)) return { class: 'transient', message: `${method} failed` }
  const { code, message } = error
  const late = code === 'TIMEOUT' || code === 'DEADLINE_PASSED'
  return { class: late ? 'timeout' : 'transient', message, code, retryAfter: retryAfterOf(error) }
}

function pick({ class: of, message, code, retryAfter }: WireFailure): FailureFacts {
  return { class: of, message, code, retryAfter }
}
