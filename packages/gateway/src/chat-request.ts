import type { IncomingHttpHeaders } from 'node:http'
import type { Client } from './clients/client.ts'
import type { Dialect } from './dialects/dialect.ts'
import { record, recordOf } from './json-value.ts'
import type { Passage } from './passages/passage.ts'

/** A request for a chat completion, or for a message: the bytes as the client sent them, and what the gateway needs to know of them. */
export interface ChatRequest {
  readonly json: string
  /** What the client speaks. */
  readonly dialect: Dialect
  /** Whose it is, where clients have keys. */
  readonly client?: Client | undefined
  /** Whether the chain that it asks keeps streams back until they are whole. */
  readonly buffered?: boolean | undefined
  /** Whether it matters what a stream of it takes, so that its provider is asked to tell. */
  readonly metered?: boolean | undefined
  /** Where it only passes through, and nothing is known of it but the chain and whether it wants a stream. */
  readonly passage?: Passage | undefined
  readonly headers: IncomingHttpHeaders
  readonly model: string
  readonly stream: boolean
  readonly body: Readonly<Record<string, unknown>>
}

/** Reads a request as far as the gateway must; what providers judge is left to them. A string says what is wrong with it. */
export function chatRequest(
  json: string,
  headers: IncomingHttpHeaders,
  dialect: Dialect = 'openai',
): ChatRequest | string {
  const body = recordOf(json)
  if (!body) return 'The body must be a JSON object.'
  const { model, messages, stream } = body
  if (typeof model !== 'string' || model === '') return '`model` must name a chain: see GET /v1/models.'
  if (!Array.isArray(messages) || messages.length === 0)
    return '`messages` must be a list with at least one message.'
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    return '`stream` must be true or false.'
  return { json, headers, dialect, model, stream: stream === true, body }
}

/** A request that only passes through, read as far as the gateway must. A string says what is wrong with it. */
export function passingRequest(
  json: string,
  headers: IncomingHttpHeaders,
  passage: Passage,
): ChatRequest | string {
  const body = recordOf(json)
  if (!body) return 'The body must be a JSON object.'
  const { model, stream } = body
  if (typeof model !== 'string' || model === '') return '`model` must name a chain: see GET /v1/models.'
  const dialect = passage === 'count_tokens' ? 'anthropic' : 'openai'
  return { json, headers, dialect, passage, model, stream: stream === true, body }
}

/** How many choices the answer has to have. */
export function choicesAsked({ body }: ChatRequest): number {
  const { n } = body
  return typeof n === 'number' && n > 1 ? n : 1
}

/** Whether a stream is to come late rather than broken off: so say the chain, the client's key, or the request by `x-holdfast-stream: buffered`. */
export function wantsBuffered({ headers, client, buffered }: ChatRequest): boolean {
  return buffered === true || client?.buffered === true || headers['x-holdfast-stream'] === 'buffered'
}

/** Whether the request asks for more than text: tools, or an answer of a given format. */
export function asksForStructure({ body }: ChatRequest): 'tools' | 'response format' | undefined {
  const { tools, functions } = body
  if ((Array.isArray(tools) && tools.length > 0) || (Array.isArray(functions) && functions.length > 0))
    return 'tools'
  const format = record(body['response_format'])
  return format && format['type'] !== 'text' ? 'response format' : undefined
}

/** The text of the last message of the user, its text parts joined; empty where there is none. */
export function lastQuestion({ body }: ChatRequest): string {
  const messages = body['messages'] as unknown[]
  const last = messages.findLast((message) => record(message)?.['role'] === 'user')
  const content = record(last)?.['content']
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((part) => (typeof record(part)?.['text'] === 'string' ? [record(part)?.['text']] : []))
    .join('\n')
}
