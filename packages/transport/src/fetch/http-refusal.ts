import { WireFailure } from '../failure.ts'

/** A client that would not send a request, or that let it go. */
export class HttpRefusal extends WireFailure {
  constructor(code: keyof typeof refusals, message: string, hint: string, cause?: unknown) {
    super({ class: refusals[code], code, message, hint, cause })
  }
}

const refusals = { HTTP_CLOSED: 'permanent', HTTP_LET_GO: 'cancelled', HTTP_MAY_BE_DONE: 'broken' } as const

export function closed(): HttpRefusal {
  return new HttpRefusal(
    'HTTP_CLOSED',
    'the client is closed',
    'Make another client, or close this one later.',
  )
}

export function letGo(): HttpRefusal {
  return new HttpRefusal(
    'HTTP_LET_GO',
    'the client was closed while the request was under way',
    'Close a client when its work is done; the request may have been done.',
  )
}

/** `cause` is what ended the attempt of which nobody knows whether it was done. */
export function mayBeDone(cause: unknown): HttpRefusal {
  return new HttpRefusal(
    'HTTP_MAY_BE_DONE',
    'an earlier attempt of this request may have been done, and it cannot be sent again',
    'Send an Idempotency-Key, or a method and a body that may be sent twice.',
    cause,
  )
}
