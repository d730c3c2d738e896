import type { ChatRequest } from '../chat-request.ts'

/** An answer that a filter or the model's own refusal cut short (OpenAI, "finish_reason"; Anthropic, "stop_reason"). */
const cutShort = /"(?:finish_reason|stop_reason)"\s*:\s*"(?:content_filter|refusal)"/
/** A response that did not come to its end (OpenAI, "The response object"). */
const unfinished = /"status"\s*:\s*"(?:incomplete|failed|cancelled|queued)"/

/**
 * Whether an answer is worth giving again. One that ran into `max_tokens` is: so much was asked for. One that was cut short for what it says is not,
 * since the next one may be better.
 */
export function worthKeeping(body: Buffer, { passage }: Pick<ChatRequest, 'passage'>): boolean {
  const text = body.toString('latin1')
  return !(passage === 'responses' ? unfinished : cutShort).test(text)
}
