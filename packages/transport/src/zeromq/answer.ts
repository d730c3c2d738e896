import { HoldfastError, retryAfterOf } from '@holdfast/policy'
import type { FailureFacts } from '../failure.ts'
import { WireFailure } from '../failure.ts'
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

/** What the caller is told of a failure: nothing that only the server may know. */
export function failureOf(ask: Message, error: unknown): Message {
  const { class: of, message, code, retryAfter } = factsOf(ask.method, error)
  const body = packed({ class: of, message, code, ...(Number.isFinite(retryAfter) && { retryAfter }) })
  return { kind: 'failure', id: ask.id, method: '', envelope: '', body }
}

/** An answer of nothing. */
export function pong(ask: Message): Message {
  return { kind: 'reply', id: ask.id, method: '', envelope: '', body: nothing }
}

function factsOf(method: string, error: unknown): FailureFacts {
  if (error instanceof WireFailure) {
    // What the handler could not send elsewhere is no longer unsent here: it has come this far.
    return error.class === 'unsent' && !ours.has(error.code)
      ? { ...pick(error), class: 'transient' }
      : pick(error)
  }
  if (!(error instanceof HoldfastError)) return { class: 'transient', message: `${method} failed` }
  const { code, message } = error
  const late = code === 'TIMEOUT' || code === 'DEADLINE_PASSED'
  return { class: late ? 'timeout' : 'transient', message, code, retryAfter: retryAfterOf(error) }
}

const ours = new Set(['ZEROMQ_CLOSING'])

function pick({ class: of, message, code, retryAfter }: WireFailure): FailureFacts {
  return { class: of, message, code, retryAfter }
}
