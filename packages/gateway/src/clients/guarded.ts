import { activeSpan } from '@holdfast/telemetry/traces'
import type { WireError } from '../reply.ts'
import type { Route } from '../served.ts'
import type { Caller, Clients } from './clients.ts'

/** The route for those alone that have a key; without clients, for anyone. Nothing of a request is read before it is known whose it is. */
export function guarded(clients: Clients | undefined, route: Route): Route {
  if (!clients) return route
  return (request, response, reply) => {
    const caller = clients.caller(request.headers)
    if (caller.is !== 'known')
      return reply.sendError(401, { 'www-authenticate': challenge[caller.is] }, stranger[caller.is])
    activeSpan()?.setAttribute('holdfast.client', caller.client.name)
    reply.serve(caller.client)
    return route(request, response, reply)
  }
}

type Stranger = Exclude<Caller['is'], 'known'>

/** https://www.rfc-editor.org/rfc/rfc6750#section-3 */
const challenge: Readonly<Record<Stranger, string>> = {
  nobody: 'Bearer realm="holdfast"',
  unknown: 'Bearer realm="holdfast", error="invalid_token"',
}

const stranger: Readonly<Record<Stranger, WireError>> = {
  nobody: refused('There is no key: send yours as `Authorization: Bearer KEY`, or as `x-api-key`.'),
  unknown: refused('Nobody has this key: ask whoever runs this gateway for one.'),
}

function refused(message: string): WireError {
  return { message, type: 'invalid_request_error', code: 'invalid_api_key', param: null }
}
