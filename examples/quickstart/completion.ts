import { randomUUID } from 'node:crypto'

/** A request that the OpenAI wire does not allow: becomes a 400 that names the parameter. */
export class BadRequest extends Error {
  readonly param: string | null
  constructor(message: string, param: string | null = null) {
    super(message)
    this.param = param
  }
}

/** What a provider needs to know of a chat completion request; `begun` is the answer so far, where the last message is the assistant's. */
export type Asked = {
  question: string
  begun: string
  promptTokens: number
  stream: boolean
  includeUsage: boolean
}

/** Reads the body of a chat completion request; throws `BadRequest` where it is wrong. */
export function readRequest(text: string): Asked {
  const body = readObject(text)
  if (typeof body['model'] !== 'string' || body['model'] === '') {
    throw new BadRequest('`model` is required and must be a string.', 'model')
  }
  const messages = body['messages']
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new BadRequest('`messages` is required and must be a list of at least one message.', 'messages')
  }
  const spoken = messages.map((message, index) => readMessage(message, `messages[${index}]`))
  const question = spoken.findLast(({ role }) => role === 'user')?.text
  if (question === undefined) throw new BadRequest('`messages` holds no message of the user.', 'messages')
  const stream = body['stream'] ?? false
  if (typeof stream !== 'boolean') throw new BadRequest('`stream` must be true or false.', 'stream')
  const options = body['stream_options'] ?? {}
  if (!isObject(options)) throw new BadRequest('`stream_options` must be an object.', 'stream_options')
  const last = spoken.at(-1)!
  return {
    question,
    begun: last.role === 'assistant' ? last.text : '',
    promptTokens: spoken.reduce((sum, { text }) => sum + words(text).length, 0),
    stream,
    includeUsage: options['include_usage'] === true,
  }
}

/** A JSON object from a request's body; throws `BadRequest` for anything else. */
export function readObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadRequest('The body is not valid JSON.')
  }
  if (!isObject(value)) throw new BadRequest('The body must be a JSON object.')
  return value
}

/** The two forms in which one answer goes over the wire: of one that the request begins, what is missing. Tokens are words here. */
export function completion(model: string, asked: Asked, answer: string) {
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1_000), model }
  const told = answer.startsWith(asked.begun) ? answer.slice(asked.begun.length) : answer
  const tokens = told.match(/\s*\S+/g) ?? []
  const usage = {
    prompt_tokens: asked.promptTokens,
    completion_tokens: tokens.length,
    total_tokens: asked.promptTokens + tokens.length,
  }
  const chunk = (delta: { role?: 'assistant'; content?: string }, finish_reason: 'stop' | null = null) => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
    ...(asked.includeUsage ? { usage: null } : {}),
  })
  return {
    /** The whole answer at once. */
    whole: () => ({
      ...head,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: told }, finish_reason: 'stop' }],
      usage,
    }),
    /** The answer as chunks: who speaks, then word by word, then the end, then (if asked for) the usage. */
    opening: () => chunk({ role: 'assistant', content: '' }),
    words: () => tokens.map((content) => chunk({ content })),
    closing: () => [
      chunk({}, 'stop'),
      ...(asked.includeUsage ? [{ ...head, object: 'chat.completion.chunk', choices: [], usage }] : []),
    ],
  }
}

function readMessage(message: unknown, where: string): { role: string; text: string } {
  if (!isObject(message) || typeof message['role'] !== 'string') {
    throw new BadRequest(`\`${where}\` must be an object with a \`role\`.`, where)
  }
  return { role: message['role'], text: readContent(message['content'], `${where}.content`) }
}

function readContent(content: unknown, where: string): string {
  if (typeof content === 'string') return content
  if (content === null || content === undefined) return ''
  if (!Array.isArray(content))
    throw new BadRequest(`\`${where}\` must be a string or a list of parts.`, where)
  return content
    .map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('')
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const words = (text: string) => text.split(' ').filter((word) => word !== '')
