import type { Dialect } from '../dialects/dialect.ts'
import { gatheredEvents } from '../dialects/testing/gathered.ts'
import type { WireObject } from '../dialects/wire-value.ts'
import { ask, askStream } from './ask.ts'

/** What a client makes of its answer, whichever wire it speaks. */
export interface Heard {
  readonly status: number
  readonly text: string
  /** Arguments of tools that are called, joined. */
  readonly calls: string
  /** Whether it ended as a whole answer does. */
  readonly done: boolean
  /** Whether its connection was closed inside the body. */
  readonly broken: boolean
  /** Whether it was told that the answer has no end. */
  readonly failed: boolean
  readonly raw: string
}

/** Asks for a stream, as a client of that wire would. */
export function hear(url: string, dialect: Dialect, body: object): Promise<Heard> {
  return dialect === 'openai' ? hearChunks(url, body) : hearEvents(url, body)
}

/** Asks for an answer in one piece. */
export async function hearPiece(url: string, body: object): Promise<Heard> {
  const response = await ask(url, body)
  const raw = await response.text()
  const { message = {} } = JSON.parse(raw).choices?.[0] ?? {}
  const called: { function: { arguments: string } }[] = message.tool_calls ?? []
  return {
    status: response.status,
    text: message.content ?? '',
    calls: called.map((call) => call.function.arguments).join(''),
    done: response.ok,
    broken: false,
    failed: !response.ok,
    raw,
  }
}

async function hearChunks(url: string, body: object): Promise<Heard> {
  const { response, text, done, error, broken, raw } = await askStream(url, body)
  const pieces = [...raw.matchAll(/"arguments":("(?:[^"\\]|\\.)*")/g)].map(([, json]) => JSON.parse(json!))
  const failed = error?.code === 'stream_broke_off'
  return { status: response.status, text, calls: pieces.join(''), done, broken, failed, raw }
}

async function hearEvents(url: string, body: object): Promise<Heard> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    body: JSON.stringify({ stream: true, max_tokens: 99, ...body }),
  })
  let raw = ''
  let broken = false
  try {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) raw += part
  } catch {
    broken = true
  }
  const events = [...raw.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!) as WireObject)
  const blocks = gatheredEvents(events)['content'] as { type: string; text: string; input: object }[]
  const times = (type: string): number => events.filter((event) => event['type'] === type).length
  return {
    status: response.status,
    text: blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: blocks.map((block) => (block.type === 'tool_use' ? JSON.stringify(block.input) : '')).join(''),
    done:
      events.at(-1)?.['type'] === 'message_stop' &&
      times('message_start') === 1 &&
      times('content_block_start') === times('content_block_stop'),
    broken,
    failed: events.at(-1)?.['type'] === 'error',
    raw,
  }
}
