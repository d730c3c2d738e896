import { randomUUID } from 'node:crypto'
import { type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { traceId } from '@holdfast/policy/context'

/**
 * Lets a server give what Node answers by itself, to what is no HTTP (400), too large (431), too slow (408) or expects what nobody can do (417), the same
 * `X-Trace-Id` and `X-Correlation-Id` as every answer has. No trace is kept of it: nothing was read that could be told.
 */
export function identifyRefusals(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || wasAnswered(socket)) return void socket.destroy()
    const status = statuses[error.code ?? ''] ?? 400
    const headers = Object.entries({ connection: 'close', 'content-length': 0, ...identity() })
    const lines = headers.map(([name, value]) => `${name}: ${value}`)
    const text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n`
    // Who does not close his side keeps nothing open here.
    socket.end(text, () => socket.destroy())
  })
  server.on('checkExpectation', (_, response) => void response.writeHead(417, identity()).end())
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** Whether an answer on this connection has begun, into the middle of which nothing may be written. */
function wasAnswered(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: { readonly headersSent: boolean } }
  return answer?.headersSent === true
}

function identity() {
  return { 'x-trace-id': traceId(), 'x-correlation-id': randomUUID() }
}
