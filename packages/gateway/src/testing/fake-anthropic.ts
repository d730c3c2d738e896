import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as whole } from 'node:stream/consumers'
import { objects, text, type WireObject } from '../dialects/wire-value.ts'
import { fakeAnswer, type Received } from './fake-provider.ts'
import { messageComplaint } from './message-complaint.ts'
import { messageEvents } from './message-events.ts'

/** What a provider of Anthropic's wire does to one request. `after` counts words that were sent before. */
export type AnthropicBehaviour =
  | { readonly does: 'answer'; readonly content?: readonly WireObject[]; readonly stopReason?: string }
  | {
      readonly does: 'refuse'
      readonly status: number
      readonly type: string
      readonly message?: string
      readonly details?: WireObject
    }
  | { readonly does: 'cut'; readonly after: number }
  | { readonly does: 'fail'; readonly after: number; readonly type: string }

/** A provider on a real socket that speaks Anthropic's wire, and refuses what Anthropic refuses. */
export interface FakeAnthropic extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** The last body that it sent, as it sent it. */
  readonly sent: string
  /** The behaviours of the next requests; after them it answers. */
  next(...behaviours: readonly AnthropicBehaviour[]): void
}

export async function fakeAnthropic(model = 'claude-fake'): Promise<FakeAnthropic> {
  const received: Received[] = []
  const queue: AnthropicBehaviour[] = []
  let sent = ''
  const server = createServer(async (request, response) => {
    const raw = await whole(request)
    const body = JSON.parse(raw) as Received['body']
    const left = once(response, 'close').then(() => undefined)
    received.push({ path: request.url ?? '', headers: request.headers, raw, body, left })
    const complaint = messageComplaint(request.headers, body)
    const behaviour: AnthropicBehaviour = complaint ?? queue.shift() ?? { does: 'answer' }
    sent = behave(behaviour, {
      response,
      model,
      stream: body.stream === true,
      begun: begun(body),
      counts: /count_tokens/.test(request.url!),
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get sent() {
      return sent
    },
    next: (...behaviours) => void queue.push(...behaviours),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Turn {
  readonly response: ServerResponse
  readonly model: string
  readonly stream: boolean
  /** How the answer begins, where the request says so: it is gone on with. */
  readonly begun: string
  readonly counts: boolean
}

/** What the assistant has said last, if that is the last message. */
function begun(body: WireObject): string {
  const last = objects(body['messages']).at(-1)
  if (last?.['role'] !== 'assistant') return ''
  return typeof last['content'] === 'string'
    ? last['content']
    : text(objects(last['content']).at(-1)?.['text'])
}

function behave(behaviour: AnthropicBehaviour, { response, model, stream, begun, counts }: Turn): string {
  const headers = { 'request-id': 'req_fake' }
  const json = (status: number, body: WireObject): string => {
    const told = JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(told)
    return told
  }
  if (behaviour.does === 'refuse') {
    const { status, type, message = `refused with ${status}`, details } = behaviour
    return json(status, { type: 'error', error: { type, message, details }, request_id: 'req_fake' })
  }
  if (counts) return json(200, { input_tokens: 42 })
  const rest = fakeAnswer.startsWith(begun) ? fakeAnswer.slice(begun.length) : fakeAnswer
  const content = (behaviour.does === 'answer' && behaviour.content) || [{ type: 'text', text: rest }]
  const calls = content.some(({ type }) => type === 'tool_use')
  const stop = (behaviour.does === 'answer' && behaviour.stopReason) || (calls ? 'tool_use' : 'end_turn')
  const message = {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage: { input_tokens: 5, cache_creation_input_tokens: 0, cache_read_input_tokens: 3, output_tokens: 12 },
  }
  if (!stream) return json(200, message)
  const events = messageEvents(message, (words) => words.split(/(?<= )/))
  const bytes = (event: WireObject): string =>
    `event: ${text(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers })
  if (behaviour.does === 'answer') {
    const told = events.map(bytes).join('')
    response.end(told)
    return told
  }
  const first = events.findIndex(({ type }) => type === 'content_block_delta')
  for (const event of objects(events).slice(0, first + behaviour.after)) response.write(bytes(event))
  if (behaviour.does === 'fail')
    response.end(bytes({ type: 'error', error: { type: behaviour.type, message: 'Overloaded' } }))
  else response.socket?.end()
  return ''
}
