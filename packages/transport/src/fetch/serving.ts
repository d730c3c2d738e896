import type { IncomingMessage, ServerResponse } from 'node:http'
import { withEnvelope } from '../envelope.ts'

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
    return withEnvelope(request.headers, () => handler(request, response), gone.signal)
  }
}
