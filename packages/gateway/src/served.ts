import type { IncomingMessage, ServerResponse } from 'node:http'
import { withContext } from '@holdfast/policy/context'
import { activeSpan, continueTrace, traced } from '@holdfast/telemetry/traces'
import type { Dialect } from './dialects/dialect.ts'
import type { Happening } from './gateway-event.ts'
import { identity, identityHeaders } from './identity.ts'
import type { Reply } from './reply.ts'
import { replyFor } from './reply-for.ts'

export type Route = (request: IncomingMessage, response: ServerResponse, reply: Reply) => void | Promise<void>

/** Answers one request; never rejects. */
export type Served = (request: IncomingMessage, response: ServerResponse) => void

/** What is served under a name, and who hears of a mistake in it. */
export interface ServedOptions {
  readonly name: string
  readonly route: Route
  readonly tell: (event: Happening) => void
  /** What its clients speak; where it is not said, each client does, by `anthropic-version` or without it. */
  readonly dialect?: Dialect | undefined
}

/** A route whose every request has an identity: in its context, on its answer, and on its span if spans are made. */
export function served(options: ServedOptions): Served {
  const spanned = traced(options.name, answered(options), {
    kind: 'server',
    attributes: ({ method = '', url = '/' }) => ({
      'http.request.method': method,
      'url.path': url.split('?', 1)[0]!.slice(0, longestPath),
    }),
  })
  return (request, response) => void continueTrace(request.headers, () => spanned(request, response))
}

/** The same without a span: for what is asked every second. */
export function servedQuietly(options: ServedOptions): Served {
  const answer = answered(options)
  return (request, response) => void continueTrace(request.headers, () => answer(request, response))
}

const longestPath = 200
/** The status of a span that failed, in OpenTelemetry. */
const failed = 2

function answered({
  name,
  route,
  tell,
  dialect,
}: ServedOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return (request, response) => {
    const known = identity(request.headers)
    const speaks = dialect ?? (request.headers['anthropic-version'] === undefined ? 'openai' : 'anthropic')
    const reply = replyFor(speaks, response, identityHeaders(known))
    return withContext(known, async () => {
      activeSpan()?.setAttribute('holdfast.correlation_id', known.correlation)
      try {
        await route(request, response, reply)
      } catch (error) {
        tell({ type: 'route.failed', route: name, error })
        apologise(reply)
      }
      note(reply, response.statusCode)
    })
  }
}

function note(reply: Reply, status: number): void {
  const span = activeSpan()
  if (span === undefined || !reply.begun) return
  span.setAttribute('http.response.status_code', status)
  if (status < 500 && !reply.broken) return
  span.setAttribute('error.type', reply.broken ? 'stream_broke_off' : String(status))
  span.setStatus({ code: failed })
}

/** For a mistake of our own: the client still gets an answer, and the details stay in the log. */
function apologise(reply: Reply): void {
  const body = {
    message: 'The gateway made a mistake with this request; its log says which.',
    type: 'server_error',
    code: 'internal_error',
    param: null,
  }
  if (reply.ended) return
  if (reply.begun) reply.breakOff(body)
  else reply.sendError(500, {}, body)
}
