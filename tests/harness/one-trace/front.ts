// The first of three processes: a request comes by HTTP, and goes on by gRPC.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { breaker, policy } from '@holdfast/policy'
import { context, withContext } from '@holdfast/policy/context'
import { redactText } from '@holdfast/telemetry/lines'
import { traced, traceHeaders } from '@holdfast/telemetry/traces'
import { serving } from '@holdfast/transport/fetch'
import { grpcClient } from '@holdfast/transport/grpc'
import { answers, type Question } from './answers.ts'
import { hop } from './hop.ts'

const { log, next, listening } = hop('front')
const pipeline = policy('asking', breaker({ perKey: true }))
const connected = next.then((port) => grpcClient(answers, { address: `127.0.0.1:${port}`, pipeline }))

const respond = traced(
  'respond',
  async (request: IncomingMessage, response: ServerResponse) => {
    const { url, headers } = request
    const body = (await json(request)) as Question
    log.info({ url, headers, body, environment: process.env }, `asked at ${url}`)
    const { rpc } = await connected
    const answer = await rpc.ask(body, { key: String(headers['x-api-key']) })
    const [, traceId = ''] = traceHeaders()!.traceparent.split('-')
    response.setHeader('x-trace-id', traceId).setHeader('x-correlation-id', context().correlation!)
    response.end(JSON.stringify({ answer }))
  },
  { attributes: ({ url = '' }) => ({ 'url.full': redactText(`http://front${url}`) }) },
)

const server = createServer(
  serving((request, response) => {
    const { correlation = randomUUID() } = context()
    return withContext({ correlation }, () => respond(request, response))
  }),
)
await once(server.listen(0, '127.0.0.1'), 'listening')
listening(server.address())
