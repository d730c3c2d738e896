import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a provider does to one request. `after` counts words of the answer that were sent before. */
export type Behaviour =
  | { readonly does: 'answer'; readonly text?: string; readonly usage?: boolean }
  | {
      readonly does: 'refuse'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly error?: object | string
    }
  | { readonly does: 'stall'; readonly after?: number }
  | { readonly does: 'cut'; readonly after: number }
  | { readonly does: 'reset' }
  | { readonly does: 'garble'; readonly after: number }
  | { readonly does: 'fail'; readonly after: number; readonly error: object }
  | { readonly does: 'forget-done'; readonly open?: boolean }
  | {
      readonly does: 'say'
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly bytes: readonly (string | Buffer)[]
    }

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly raw: string
  readonly body: { readonly model: string; readonly stream?: boolean; readonly [key: string]: unknown }
  /** Resolves when the connection of this request is closed before it was answered whole. */
  readonly left: Promise<void>
}

/** A provider on a real socket that speaks the OpenAI wire and misbehaves as told. */
export interface FakeProvider extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** The behaviours of the next requests; after them it does what `always` said. */
  next(...behaviours: readonly Behaviour[]): void
  always(behaviour: Behaviour): void
  /** Resolves when `count` requests have come in. */
  seen(count: number): Promise<void>
  close(): Promise<void>
}

/** The answer where none is given: twelve words. */
export const fakeAnswer = 'The quick brown fox jumps over the lazy dog, again and again.'

export async function fakeProvider(model = 'fake-model'): Promise<FakeProvider> {
  const received: Received[] = []
  const queue: Behaviour[] = []
  const waiting = new Set<() => void>()
  let always: Behaviour = { does: 'answer' }

  const server = createServer(async (request, response) => {
    const raw = await text(request)
    const left = once(response, 'close').then(() => undefined)
    const body = JSON.parse(raw) as Received['body']
    received.push({ path: request.url ?? '', headers: request.headers, raw, body, left })
    for (const wake of waiting) wake()
    behave(queue.shift() ?? always, { request, response, stream: body.stream === true, model })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    next: (...behaviours) => void queue.push(...behaviours),
    always: (behaviour) => {
      always = behaviour
    },
    seen: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (received.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Turn {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly stream: boolean
  readonly model: string
}

function behave(behaviour: Behaviour, turn: Turn): void {
  const { request, response, stream, model } = turn
  const words = (('text' in behaviour && behaviour.text) || fakeAnswer).split(/(?<= )/)
  const usage = { prompt_tokens: 5, completion_tokens: words.length, total_tokens: 5 + words.length }
  const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const whole = {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }],
    usage,
  }
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  const begin = (count: number): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chunk({ role: 'assistant', content: '' }))
    for (const word of words.slice(0, count)) response.write(chunk({ content: word }))
  }

  switch (behaviour.does) {
    case 'answer':
      if (!stream) return json(200, whole)
      begin(words.length)
      response.write(chunk({}, 'stop'))
      if (behaviour.usage)
        response.write(
          `data: ${JSON.stringify({ id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1, model, choices: [], usage })}\n\n`,
        )
      response.end('data: [DONE]\n\n')
      return
    case 'refuse':
      return json(
        behaviour.status,
        behaviour.error === undefined
          ? { error: { message: `refused with ${behaviour.status}`, type: 'server_error' } }
          : behaviour.error,
        behaviour.headers,
      )
    case 'stall':
      if (stream && behaviour.after !== undefined) begin(behaviour.after)
      return
    case 'cut':
      if (stream) begin(behaviour.after)
      else
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': '10000' })
          .write(JSON.stringify(whole).slice(0, 50))
      response.socket?.end()
      return
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'garble':
      begin(behaviour.after)
      response.end(`data: {"choices":[{"delta":{"content":"oops\n\n${chunk({}, 'stop')}data: [DONE]\n\n`)
      return
    case 'fail':
      begin(behaviour.after)
      response.end(`data: ${JSON.stringify({ error: behaviour.error })}\n\n`)
      return
    case 'forget-done':
      begin(words.length)
      response.write(chunk({}, 'stop'))
      if (!behaviour.open) response.end()
      return
    case 'say':
      response.writeHead(behaviour.status ?? 200, {
        'content-type': 'text/event-stream',
        ...behaviour.headers,
      })
      for (const bytes of behaviour.bytes) response.write(bytes)
      response.end()
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let whole = ''
  request.setEncoding('utf8')
  for await (const part of request) whole += part
  return whole
}
