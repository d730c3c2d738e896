// The first of three processes: a request comes by HTTP, and goes on as a remote call over HTTP/2, its metadata in headers.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:http2'
import { json, text } from 'node:stream/consumers'
import { breaker, policy } from '@holdfast/policy'
import { context, withContext } from '@holdfast/policy/context'
import { redactText } from '@holdfast/telemetry/lines'
import { continueTrace, traced, traceHeaders } from '@holdfast/telemetry/traces'
import { hop } from './hop.ts'

const { log, next, listening } = hop('front')
const asking = policy('asking', breaker({ perKey: true }))

const remote = traced(
  'answers.Answers/Ask',
  async (body: unknown): Promise<unknown> => {
    const session = connect(`http://127.0.0.1:${await next}`)
    const correlation = context().correlation!
    const metadata = { ...traceHeaders(), 'x-correlation-id': correlation }
    const stream = session.request({ ':method': 'POST', ':path': '/answers.Answers/Ask', ...metadata })
    stream.end(JSON.stringify(body))
    const answer = await text(stream)
    session.close()
    return JSON.parse(answer)
  },
  { kind: 'client', attributes: { 'rpc.system.name': 'grpc', 'rpc.method': 'answers.Answers/Ask' } },
)

const respond = traced(
  'POST /answer',
  async (request: IncomingMessage, response: ServerResponse) => {
    const { url, headers } = request
    const body = await json(request)
    log.info({ url, headers, body, environment: process.env }, `asked at ${url}`)
    const answer = await asking(() => remote(body), { key: String(headers['x-api-key']) })
    const [, traceId = ''] = traceHeaders()!.traceparent.split('-')
    response.setHeader('x-trace-id', traceId).setHeader('x-correlation-id', context().correlation!)
    response.end(JSON.stringify(answer))
  },
  {
    kind: 'server',
    attributes: ({ url = '' }) => ({
      'http.request.method': 'POST',
      'http.route': '/answer',
      'url.full': redactText(`http://front${url}`),
    }),
  },
)

const server = createServer((request, response) => {
  const correlation = String(request.headers['x-correlation-id'] ?? randomUUID())
  continueTrace(request.headers, () => withContext({ correlation }, () => void respond(request, response)))
})
await once(server.listen(0, '127.0.0.1'), 'listening')
listening(server.address())
