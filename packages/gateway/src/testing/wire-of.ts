import type { Dialect } from '../dialects/dialect.ts'
import { messageEvents } from './message-events.ts'
import { rawAnswer, rawChunk } from './raw-provider.ts'

/** What a model says: a text, and a call of the tool `look` if there are arguments for it. */
export interface Said {
  readonly text: string
  readonly look?: object
}

/** In HTTP chunks, so that a cut may fall inside anything, or until the connection closes, so that any cut looks like an end. */
export type Framing = 'chunked' | 'closed'

const words = (whole: string): string[] => whole.split(/(?<= )/)

/** A streamed answer as it stands on the wire, word by word. */
export function wireOf(said: Said, dialect: Dialect, framing: Framing): Buffer {
  const events = dialect === 'openai' ? chunks(said) : messages(said)
  const type = 'content-type: text/event-stream'
  if (framing === 'closed') return rawAnswer([type, 'connection: close'], events.join(''))
  const framed = events.map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
  return rawAnswer([type, 'transfer-encoding: chunked'], `${framed.join('')}0\r\n\r\n`)
}

function chunks({ text, look }: Said): string[] {
  const piece = (args: string): string =>
    rawChunk({
      tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'look', arguments: args } }],
    })
  return [
    rawChunk({ role: 'assistant', content: '' }),
    ...words(text).map((content) => rawChunk({ content })),
    ...(look ? ['', ...words(JSON.stringify(look))].map(piece) : []),
    rawChunk({}, look ? 'tool_calls' : 'stop'),
    'data: [DONE]\n\n',
  ]
}

function messages({ text, look }: Said): string[] {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'raw',
    content: [
      { type: 'text', text },
      ...(look ? [{ type: 'tool_use', id: 'a', name: 'look', input: look }] : []),
    ],
    stop_reason: look ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 2 },
  }
  return messageEvents(message, words).map(
    (event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`,
  )
}

/** What a stream that ends before its byte `at` is cut inside of. */
export function cutInside(bytes: Buffer, at: number): { character: boolean; line: boolean; call: boolean } {
  const body = bytes.indexOf('\r\n\r\n') + 4
  const call = Math.max(bytes.indexOf('"tool_calls":['), bytes.indexOf('"tool_use","id"'))
  return {
    character: at > body && (bytes[at]! & 0xc0) === 0x80,
    line: at > body && bytes[at - 1] !== 10,
    call: call !== -1 && at > call && at < bytes.lastIndexOf('"tool_'),
  }
}
