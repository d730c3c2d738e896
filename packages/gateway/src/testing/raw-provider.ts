import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A provider that says whatever bytes it likes, HTTP or not. */
export interface RawProvider extends AsyncDisposable {
  readonly url: string
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>
  /** Requests that came in so far. */
  readonly requests: number
  /** Resolves when no connection is open. */
  drained(): Promise<void>
  close(): Promise<void>
}

/** `answer` is called with the connection of each request once the request is there, with its number, from 1, and with its body. */
export async function rawProvider(
  answer: (socket: Socket, request: number, body: string) => void,
): Promise<RawProvider> {
  const sockets = new Set<Socket>()
  let requests = 0
  const server = createServer((socket) => {
    let pending = ''
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // being reset is part of the game
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      pending += chunk
      const head = pending.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0)
      if (head === -1 || pending.length < head + 4 + length) return
      const body = pending.slice(head + 4)
      pending = ''
      answer(socket, ++requests, body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    sockets,
    get requests() {
      return requests
    },
    async drained() {
      await Promise.all([...sockets].map((socket) => once(socket, 'close')))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** An HTTP answer as bytes: a head with these lines, and what follows it. */
export function rawAnswer(lines: readonly string[], body: string | Buffer = ''): Buffer {
  return Buffer.concat([
    Buffer.from(`${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`),
    Buffer.from(body),
  ])
}

/** One chunk of a chat completion stream, as an event. */
export function rawChunk(delta: object, finish: string | null = null, index = 0): string {
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'raw', choices: [{ index, delta, finish_reason: finish }] })}\n\n`
}
