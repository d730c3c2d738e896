// A model provider for trying things out: it speaks the OpenAI wire, knows a handful of answers, and goes wrong when told to.
//
//   node provider.ts --name primary --port 4711 [--pace 40]
//   curl -X POST localhost:4711/behave -d '{"mode":"fail"}'      ok, fail, throttle, stall, cut, slow
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { answerTo } from './answers.ts'
import { behaviour, isMode, modes, stateFolder } from './behaviour.ts'
import { type Asked, BadRequest, completion, readObject, readRequest } from './completion.ts'

const { values: options } = parseArgs({
  options: {
    name: { type: 'string', default: 'primary' },
    port: { type: 'string', default: '4711' },
    pace: { type: 'string', default: process.env['PACE'] ?? '40' }, // ms a word
    state: { type: 'string', default: stateFolder },
  },
})
const { name } = options
const pace = Number(options.pace)
const started = Math.floor(Date.now() / 1_000)
const longestBody = 1_000_000
let requests = 0

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (response.headersSent || response.destroyed) response.destroy()
    else if (error instanceof BadRequest) refuse(response, 400, error.message, error.param)
    else refuse(response, 500, String(error))
  })
})

// Holdfast may hold the listening socket and hand it over as descriptor 3: then a restart refuses nobody.
server.listen(
  process.env['LISTEN_FDS'] === '1' ? { fd: 3 } : { host: '127.0.0.1', port: Number(options.port) },
  () => console.log(`${name} answers on http://127.0.0.1:${port()}/v1`),
)
server.once('error', (error) => {
  console.error(`${name} cannot listen: ${error.message}`)
  process.exit(1)
})
process.once('SIGTERM', () => process.exit(0))

function port(): number {
  return (server.address() as AddressInfo).port
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const kept = behaviour(port(), options.state)
  switch (`${request.method} ${request.url?.split('?')[0]}`) {
    case 'POST /v1/chat/completions':
      requests += 1
      return complete(request, response)
    case 'GET /v1/models':
      return send(response, {
        object: 'list',
        data: [{ id: name, object: 'model', created: started, owned_by: 'holdfast-quickstart' }],
      })
    case 'GET /health':
      return send(response, { status: 'ok' })
    case 'GET /behave':
      return send(response, { name, mode: kept.mode(), requests })
    case 'POST /behave': {
      const { mode } = readObject(await read(request))
      if (!isMode(mode)) throw new BadRequest(`\`mode\` must be one of ${modes.join(', ')}.`, 'mode')
      kept.become(mode)
      return send(response, { name, mode, requests })
    }
    default:
      return refuse(response, 404, `There is no ${request.method} ${request.url} here.`)
  }
}

async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request)
  const mode = behaviour(port(), options.state).mode()
  if (mode === 'fail') return refuse(response, 503, `${name} was told to fail.`)
  if (mode === 'throttle') {
    response.setHeader('retry-after', '1')
    return refuse(response, 429, `${name} was told to throttle.`)
  }
  const asked = readRequest(body)
  if (asked.stream) return stream(response, asked, mode)
  if (mode === 'stall') return // silent until the caller goes
  await wait(mode === 'slow' ? pace * 10 : pace)
  const json = JSON.stringify(completion(name, asked, answerTo(asked.question)).whole())
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) })
  if (mode !== 'cut') return void response.end(json)
  response.write(json.slice(0, json.length / 3), () => response.destroy())
}

async function stream(response: ServerResponse, asked: Asked, mode: string): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.flushHeaders()
  if (mode === 'stall') return // silent until the caller goes
  const told = completion(name, asked, answerTo(asked.question))
  const tell = (data: object) => response.write(`data: ${JSON.stringify(data)}\n\n`)
  const words = told.words()
  tell(told.opening())
  for (const [index, word] of words.entries()) {
    await wait(mode === 'slow' ? pace * 10 : pace)
    if (response.destroyed) return
    if (mode === 'cut' && index >= words.length / 3) return void response.destroy()
    tell(word)
  }
  told.closing().forEach(tell)
  response.end('data: [DONE]\n\n')
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= longestBody) chunks.push(chunk)
  }
  if (size > longestBody) throw new BadRequest(`The body is larger than ${longestBody} bytes.`)
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  param: string | null = null,
): void {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error'
  send(response, { error: { message, type, param, code: null } }, status)
}
