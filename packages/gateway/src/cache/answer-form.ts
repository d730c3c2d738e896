import { hash } from 'node:crypto'
import type { ChatRequest } from '../chat-request.ts'
import { objects, said, type WireObject } from '../dialects/wire-value.ts'
import { record, recordOf } from '../json-value.ts'
import { SseReader, sseData } from '../sse.ts'
import { CollectedCompletion } from '../stream/collected-completion.ts'
import { streamHeaders } from '../stream/stream-headers.ts'
import type { KeptAnswer } from './kept-answer.ts'

/** How an answer is wanted: in one piece; as a stream, without its usage or with it; or as a stream with other options. */
export type AnswerForm = 'piece' | 'stream' | 'stream-usage' | `stream-${string}`

export function answerForm({ stream, body }: Pick<ChatRequest, 'stream' | 'body'>): AnswerForm {
  if (!stream) return 'piece'
  const [option, ...more] = Object.entries(record(body['stream_options']) ?? {})
  if (option === undefined) return 'stream'
  if (more.length === 0 && option[0] === 'include_usage' && typeof option[1] === 'boolean')
    return option[1] ? 'stream-usage' : 'stream'
  return `stream-${hash('sha256', JSON.stringify(body['stream_options']), 'hex').slice(0, 16)}`
}

/** The form that has all that this one has to have, if there is one: of a chat completion. */
export function sourceForm(form: AnswerForm): AnswerForm | undefined {
  if (form === 'piece') return 'stream-usage'
  return form === 'stream' || form === 'stream-usage' ? 'piece' : undefined
}

/** A chat completion in another form, made from that of `sourceForm`; `undefined` where it lacks something. */
export function inForm(form: AnswerForm, { body, ...kept }: KeptAnswer): KeptAnswer | undefined {
  const made = form === 'piece' ? pieceOf(body) : streamOf(body, form === 'stream-usage')
  const type = form === 'piece' ? 'application/json' : streamHeaders['content-type']
  return made && { ...kept, type, body: made }
}

function pieceOf(stream: Buffer): Buffer | undefined {
  const collected = new CollectedCompletion()
  for (const { data } of new SseReader().push(stream)) collected.add(recordOf(data ?? '') ?? {})
  const completion = collected.completion()
  return record(completion['usage']) && Buffer.from(JSON.stringify(completion))
}

/** As few chunks as make a stream (OpenAI API reference, "The chat completion chunk object"). */
function streamOf(piece: Buffer, withUsage: boolean): Buffer | undefined {
  const { choices, usage, ...rest } = recordOf(piece.toString('utf8')) ?? {}
  if (withUsage && !record(usage)) return undefined
  const head = { ...rest, object: 'chat.completion.chunk' }
  const chunks = objects(choices).flatMap(({ index = 0, message, logprobs = null, finish_reason }) => [
    { index, delta: deltaOf(record(message) ?? {}), logprobs, finish_reason: null },
    { index, delta: {}, logprobs: null, finish_reason },
  ])
  const events = chunks.map((choice) => sseData({ ...head, choices: [choice] }))
  if (withUsage) events.push(sseData({ ...head, choices: [], usage }))
  return Buffer.concat([...events, sseData('[DONE]')])
}

function deltaOf(message: WireObject): WireObject {
  const delta = Object.fromEntries(said(message))
  const { tool_calls: calls } = delta
  if (!Array.isArray(calls)) return delta
  return { ...delta, tool_calls: calls.map((call, index) => ({ index, ...record(call) })) }
}
