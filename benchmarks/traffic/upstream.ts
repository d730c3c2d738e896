import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { chunks, isWhole, kindOf, whole } from './exchange.ts'

/** Answers a question of its own, if that is what was asked. */
export type Aside = (asked: string, response: ServerResponse) => boolean

/** The fake provider: answers at once, as JSON or as a stream written one chunk per turn of the event loop; other questions as `aside` does. */
export async function upstream(port: number, aside: Aside = () => false): Promise<Server> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const asked = Buffer.concat(pieces).toString()
      if (aside(asked, response)) return
      if (!isWhole(asked)) response.writeHead(400).end('{"error":{"message":"the request arrived changed"}}')
      else if (kindOf(asked) === 'json') answer(response)
      else stream(response)
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length }).end(whole)
}

function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  let next = 0
  const write = () => {
    if (response.destroyed) return
    response.write(chunks[next++])
    if (next < chunks.length) setImmediate(write)
    else response.end()
  }
  write()
}
