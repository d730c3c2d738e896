// The second of three processes: remote calls come over HTTP/2, and go on as envelopes on a socket, tried twice.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { connect } from 'node:net'
import { json } from 'node:stream/consumers'
import { type Call, policy, retry } from '@holdfast/policy'
import { context, withContext } from '@holdfast/policy/context'
import { continueTrace, traced } from '@holdfast/telemetry/traces'
import { hop } from './hop.ts'

const { log, next, listening } = hop('middle')
const working = policy('working', retry({ attempts: 2, backoff: { initial: 1 } }))

interface Reply {
  readonly answer?: string
  readonly error?: { readonly code: string; readonly message: string }
}

async function send(call: Call, body: unknown): Promise<string> {
  const { traceparent } = call.headers
  const socket = connect(await next, '127.0.0.1')
  socket.end(JSON.stringify({ traceparent, correlation: context().correlation, body }))
  const { answer, error } = (await json(socket)) as Reply
  if (error === undefined) return answer!
  const failure = Object.assign(new Error(`back said: ${error.message}`), { code: error.code })
  log.warn(failure, `attempt ${call.attempt} failed: ${error.message}`)
  throw failure
}

const work = traced('send work', (body: unknown) => working((call) => send(call, body)), { kind: 'producer' })

const serve = traced(
  'answers.Answers/Ask',
  async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const body = await json(stream)
    log.info({ metadata: headers, body }, 'called')
    stream.end(JSON.stringify({ answer: await work(body) }))
  },
  { kind: 'server', attributes: { 'rpc.system.name': 'grpc', 'rpc.method': 'answers.Answers/Ask' } },
)

const server = createServer()
server.on('stream', (stream, headers) => {
  const correlation = String(headers['x-correlation-id'])
  const { traceparent } = headers
  continueTrace({ traceparent }, () => withContext({ correlation }, () => void serve(stream, headers)))
})
await once(server.listen(0, '127.0.0.1'), 'listening')
listening(server.address())
