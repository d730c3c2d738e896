import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What the server does with one request: answers, `reset`s the connection, or `stall`s until the client goes. */
export type Answer =
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      /** The answer begins and does not end. */
      readonly open?: boolean
    }
  | 'reset'
  | 'stall'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Resolves when the exchange is over: answered whole, or given up by either side. */
  readonly over: Promise<void>
}

/** A peer on a real socket that does as it is told and remembers what it was sent. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** What to do with the next requests, one each, perhaps only later; after them it answers 200 with `ok`. */
  next(...answers: readonly (Answer | Promise<Answer>)[]): void
  /** Resolves with the next request that comes in. */
  request(): Promise<Received>
}

export async function fakeServer(): Promise<FakeServer> {
  const received: Received[] = []
  const answers: (Answer | Promise<Answer>)[] = []
  const waiting: ((request: Received) => void)[] = []

  const server = createServer(async (request, response) => {
    const over = once(response, 'close').then(() => undefined)
    const { method = '', url: path = '', headers } = request
    const seen = { method, path, headers, body: await text(request), over }
    received.push(seen)
    for (const tell of waiting.splice(0)) tell(seen)
    const answer = (await answers.shift()) ?? { status: 200, body: 'ok' }
    if (answer === 'stall') return
    if (answer === 'reset') return void request.socket.resetAndDestroy()
    response.writeHead(answer.status, answer.headers)
    if (answer.open) response.write(answer.body ?? ' ')
    else response.end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    next: (...more) => void answers.push(...more),
    request: () => new Promise((resolve) => void waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
