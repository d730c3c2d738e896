import { record } from '../json-value.ts'
import { number, type WireObject, withoutGaps } from './wire-value.ts'

/**
 * Tokens, from Anthropic's way of counting to OpenAI's: `prompt_tokens` has the cached ones in it, `input_tokens` has not
 * (https://platform.claude.com/docs/en/build-with-claude/prompt-caching, https://developers.openai.com/api/docs/guides/prompt-caching).
 */
export function completionUsage(usage: WireObject): WireObject {
  const read = number(usage['cache_read_input_tokens']) ?? 0
  const written = number(usage['cache_creation_input_tokens']) ?? 0
  const thinking = number(record(usage['output_tokens_details'])?.['thinking_tokens'])
  const prompt = (number(usage['input_tokens']) ?? 0) + read + written
  const completion = number(usage['output_tokens']) ?? 0
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: read, ...(written > 0 && { cache_write_tokens: written }) },
    ...(thinking !== undefined && { completion_tokens_details: { reasoning_tokens: thinking } }),
  }
}

/** Tokens, from OpenAI's way of counting to Anthropic's. DeepSeek says `prompt_cache_hit_tokens` for what was cached. */
export function messageUsage(usage: WireObject): WireObject {
  const details = record(usage['prompt_tokens_details'])
  const read = number(details?.['cached_tokens']) ?? number(usage['prompt_cache_hit_tokens']) ?? 0
  const written = number(details?.['cache_write_tokens']) ?? 0
  const thinking = number(record(usage['completion_tokens_details'])?.['reasoning_tokens'])
  return withoutGaps({
    input_tokens: Math.max(0, (number(usage['prompt_tokens']) ?? 0) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: number(usage['completion_tokens']) ?? 0,
    output_tokens_details: thinking === undefined ? undefined : { thinking_tokens: thinking },
  })
}
