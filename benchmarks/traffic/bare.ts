// The raw baseline for a proxy in Node: passes everything on, streaming both ways, and does nothing else.
//
//   node bare.ts PORT UPSTREAM
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

const [port, upstream = ''] = process.argv.slice(2)
const pool = new Pool(upstream, { connections: 64 })
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'content-length',
  'expect',
])

createServer((request, response) => {
  const method = request.method as Dispatcher.HttpMethod
  const { url: path = '/', headers } = request
  pool.dispatch({ path, method, headers: endToEnd(headers), body: request }, passOn(response))
}).listen(Number(port), '127.0.0.1')

function passOn(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.once(
        'close',
        () => response.writableFinished || controller.abort(new Error('the client went')),
      )
    },
    onResponseStart(_, status, headers) {
      response.writeHead(status, endToEnd(headers))
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    },
  }
}

function endToEnd(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const kept: IncomingMessage['headers'] = {}
  for (const name in headers) if (!hopByHop.has(name)) kept[name] = headers[name]
  return kept
}
