// A model provider that logs all that it is told, as careless services do; what is asked of it at /broken it refuses.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { withContext } from '@holdfast/policy/context'
import { logger } from '@holdfast/telemetry/logs'
import { continueTrace } from '@holdfast/telemetry/traces'

const log = logger({ service: 'model' })
const { PORT, DATABASE_PASSWORD = '' } = process.env

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '', headers } = request
  const body = await json(request)
  log.info({ url, headers, body, environment: process.env }, 'asked')
  response.setHeader('content-type', 'application/json')
  if (url.startsWith('/broken')) {
    const message = `Incorrect API key provided: ${headers.authorization?.slice('Bearer '.length)}`
    log.error(new Error('cannot log in', { cause: new Error(`password=${DATABASE_PASSWORD} is wrong`) }))
    console.error(`cannot connect to postgres://app:${DATABASE_PASSWORD}@database/answers`)
    response.writeHead(500).end(JSON.stringify({ error: { message } }))
    return
  }
  const choices = [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }]
  response.end(JSON.stringify({ id: 'x', object: 'chat.completion', choices }))
}

createServer((request, response) => {
  if (request.url === '/health') return void response.end()
  const correlation = String(request.headers['x-correlation-id'])
  continueTrace(request.headers, () => withContext({ correlation }, () => void answer(request, response)))
}).listen(Number(PORT), '127.0.0.1')
