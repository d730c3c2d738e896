// The peer of the contract over HTTP: `node http-peer.ts PORT LOG`.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Ask } from './wire-contract.ts'
import { note } from './work-log.ts'

const [port, log] = process.argv.slice(2) as [string, string]
const statuses: Readonly<Record<string, number>> = { transient: 503, permanent: 400, throttled: 429 }

createServer(async (request, response) => {
  const { does, text, ms = 0 } = (await json(request)) as Ask
  if (does === 'count' || does === 'hang' || does === 'cut') note(log, text)
  switch (does) {
    case 'hang':
      return
    case 'wait':
      return void setTimeout(() => response.end(text), ms)
    case 'fail':
      return void response.writeHead(statuses[text]!).end(text)
    case 'told':
      return void response.end(JSON.stringify(request.headers))
    case 'cut':
      response.writeHead(200, { 'content-length': 100 }).write('half an answer')
      return void setImmediate(() => request.socket.resetAndDestroy())
    default:
      return void response.end(text)
  }
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
