import type { ChatRequest } from '../chat-request.ts'
import { record } from '../json-value.ts'
import { topLevelValues } from '../model-span.ts'

/**
 * How an upstream takes the beginning of its own answer:
 *
 * - `plain`: a last message of the assistant (Anthropic, "Prefill Claude's response"; OpenRouter; llama.cpp's server);
 * - `prefix`: the same, marked `prefix: true` (DeepSeek, "Chat Prefix Completion (Beta)"; Mistral, "Prefix");
 * - `vllm`: the same, with `continue_final_message` in place of `add_generation_prompt` (vLLM, "Extra parameters" of its chat API).
 */
export type Prefill = 'plain' | 'prefix' | 'vllm'

/**
 * The request, asking to go on with `text`; every other character is as it was. White space at the end of the text is left out, since providers
 * refuse it. `undefined` where there is nothing to go on with, or where the client gave a beginning of its own.
 */
export function prefilled(request: ChatRequest, text: string, form: Prefill): string | undefined {
  const content = text.trimEnd()
  const messages = request.body['messages']
  if (content === '' || !Array.isArray(messages) || record(messages.at(-1))?.['role'] === 'assistant')
    return undefined
  const { json } = request
  const span = topLevelValues(json, 'messages').at(-1)
  if (!span) return undefined
  const message = { role: 'assistant', content, ...(form === 'prefix' && { prefix: true }) }
  const end = span[1] - 1
  const told = `${json.slice(0, end)},${JSON.stringify(message)}${json.slice(end)}`
  return form === 'vllm'
    ? told.replace('{', () => '{"continue_final_message":true,"add_generation_prompt":false,')
    : told
}
