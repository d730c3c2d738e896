import type { RequestListener } from 'node:http'

/** What answers operators, once it is loaded. */
export interface Operators {
  readonly routing: RequestListener
}

/**
 * Hands requests over to the control API as soon as there is one; where it cannot be had, says so once to `complain`, and to each who asks with a 503.
 *
 * Never throws and leaves no rejection behind: an operator's question must not take the gateway down, which is in the same process.
 */
export function controlDoor(
  operators: Promise<Operators>,
  complain: (error: unknown) => void,
): RequestListener {
  operators.catch(complain)
  return (request, response) =>
    void operators.then(
      ({ routing }) => routing(request, response),
      () => response.writeHead(503, { 'content-type': 'application/json' }).end(unavailable),
    )
}

const message =
  'The control API could not be loaded; the log of the edge says why. The gateway works without it.'
const unavailable = JSON.stringify({ error: { code: 'unavailable', message } })
