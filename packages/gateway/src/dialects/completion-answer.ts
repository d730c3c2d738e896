import { record } from '../json-value.ts'
import { callOf } from './openai-conversation.ts'
import { reasoningOf } from './reasoning.ts'
import { finishReason } from './stop-reason.ts'
import { completionUsage } from './usage.ts'
import { objects, text, type WireObject } from './wire-value.ts'

/** A message of Anthropic's wire as a chat completion; `created` is in seconds since 1970, which that wire does not tell. */
export function completionAnswer(message: WireObject, created: number): WireObject {
  const blocks = objects(message['content'])
  const words = blocks.map((block) => (block['type'] === 'text' ? text(block['text']) : '')).join('')
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(callOf)
  const refusal = text(record(message['stop_details'])?.['explanation'])
  const thoughts = blocks.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking')
  return {
    id: text(message['id']),
    object: 'chat.completion',
    created,
    model: text(message['model']),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: words === '' && calls.length > 0 ? null : words,
          refusal: refusal === '' ? null : refusal,
          ...reasoningOf(thoughts),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishReason(text(message['stop_reason'])),
      },
    ],
    usage: completionUsage(record(message['usage']) ?? {}),
  }
}
