import type { ChatRequest } from '../chat-request.ts'

/**
 * An answer that ended otherwise than answers do (OpenAI, "finish_reason"; Anthropic, "stop_reason"): a filter cut it short, the model refused, or its
 * provider had an `error`, or `insufficient_system_resource` (OpenRouter, DeepSeek).
 */
const cutShort =
  /"(?:finish_reason|stop_reason)"\s*:\s*"(?!"|(?:stop|length|tool_calls|function_call|eos|end_turn|max_tokens|stop_sequence|tool_use)")/i
/** A refusal in words, which ends as an answer does (OpenAI, "refusal"). */
const refused = /"refusal"\s*:\s*"(?!")/
/** A response that did not come to its end (OpenAI, "The response object"). */
const unfinished = /"status"\s*:\s*"(?:incomplete|failed|cancelled|queued)"/

/**
 * Whether an answer is worth giving again. One that ran into `max_tokens` is: so much was asked for. One that was cut short, or refuses, is not, since the
 * next one may be better.
 */
export function worthKeeping(body: Buffer, { passage }: Pick<ChatRequest, 'passage'>): boolean {
  const text = body.toString('latin1')
  return !(passage === 'responses' ? unfinished : cutShort).test(text) && !refused.test(text)
}
