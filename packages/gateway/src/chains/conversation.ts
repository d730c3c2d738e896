import { hash } from 'node:crypto'
import type { ChatRequest } from '../chat-request.ts'
import { record } from '../json-value.ts'

/**
 * What a client calls the requests that share the beginning of their prompts, which its provider keeps for them: `prompt_cache_key` (OpenAI and Mistral), or
 * `metadata.user_id` of Anthropic's wire. Nothing is guessed from the messages: where all requests begin alike, all would go to one link.
 */
export function conversation({ body, dialect }: ChatRequest): string | undefined {
  const named =
    body['prompt_cache_key'] ?? (dialect === 'anthropic' ? record(body['metadata'])?.['user_id'] : undefined)
  return typeof named === 'string' && named !== '' ? named : undefined
}

/** A number from 0 to 1 that is always the same for a conversation and a link. */
export function drawFor(conversation: string, link: string): number {
  return hash('sha256', `${link}\n${conversation}`, 'buffer').readUIntBE(0, 6) / 2 ** 48
}
