import { WireFailure } from '../failure.ts'

/** A client that would not send a request, or that let it go. */
export class HttpRefusal extends WireFailure {
  constructor(code: keyof typeof refusals, message: string, hint: string) {
    super({ class: refusals[code], code, message, hint })
  }
}

const refusals = { HTTP_CLOSED: 'permanent', HTTP_LET_GO: 'cancelled' } as const

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
