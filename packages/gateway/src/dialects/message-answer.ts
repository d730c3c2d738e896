import { record, recordOf } from '../json-value.ts'
import { thinkingBlocks } from './reasoning.ts'
import { stopReason } from './stop-reason.ts'
import { Untranslatable } from './untranslatable.ts'
import { messageUsage } from './usage.ts'
import { objects, text, type WireObject } from './wire-value.ts'

/**
 * A chat completion as a message of Anthropic's wire; of several choices the first. Throws `Untranslatable` for a call of a tool whose arguments
 * are no JSON object: that wire has no way to say them.
 */
export function messageAnswer(completion: WireObject): WireObject {
  const choice = objects(completion['choices'])[0] ?? {}
  const message = record(choice['message']) ?? {}
  const refusal = text(message['refusal'])
  const uses = objects(message['tool_calls']).map(useOf)
  const words = spoken(message['content']) + refusal
  return {
    id: text(completion['id']),
    type: 'message',
    role: 'assistant',
    model: text(completion['model']),
    content: [
      ...thinkingBlocks(message),
      ...(words === '' ? [] : [{ type: 'text', text: words, citations: null }]),
      ...uses,
    ],
    stop_reason: stopReason(text(choice['finish_reason']), {
      tools: uses.length > 0,
      refusal: refusal !== '',
    }),
    stop_sequence: null,
    usage: messageUsage(record(completion['usage']) ?? {}),
  }
}

/** Some servers answer in parts. */
function spoken(content: unknown): string {
  if (typeof content === 'string') return content
  return objects(content)
    .map((part) => text(part['text']))
    .join('')
}

function useOf(call: WireObject, nth: number): WireObject {
  const called = record(call['function'])
  const given = text(called?.['arguments'])
  const input = given.trim() === '' ? {} : recordOf(given)
  if (!input) throw new Untranslatable(`tool_calls[${nth}].function.arguments`, 'are no JSON object.')
  return { type: 'tool_use', id: text(call['id']), name: text(called?.['name']), input }
}
