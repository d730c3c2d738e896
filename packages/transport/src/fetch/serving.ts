import type { IncomingMessage, ServerResponse } from 'node:http'
import { leg } from '@holdfast/policy'
import { withEnvelope } from '../envelope.ts'
import { failedLeg } from '../on-leg.ts'
import { endOf, serverLeg } from './http-leg.ts'

/**
 * A handler of `node:http` that runs in the context its request brought: its calls, over whatever wire, have the same trace, the same correlation and
 * what is left of the same deadline, and end when who asked goes before the answer is complete.
 *
 * `createServer(serving(handler))`; what the handler answers with is handed on.
 */
export function serving<R>(
  handler: (request: IncomingMessage, response: ServerResponse) => R,
): (request: IncomingMessage, response: ServerResponse) => R {
  return (request, response) => {
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new DOMException('who asked has gone', 'AbortError'))
    })
    const handled = (): R => {
      const own = leg(() => serverLeg(request))
      if (own === undefined) return handler(request, response)
      response.once('close', () =>
        own.end(response.writableFinished ? endOf(response.statusCode, 500) : failedLeg(gone.signal.reason)),
      )
      return own.run(() => handler(request, response))
    }
    return withEnvelope(request.headers, handled, gone.signal)
  }
}
