import { record } from '../json-value.ts'
import { type Used, unused } from './used.ts'

type Said = Readonly<Record<string, unknown>>

/**
 * What a provider's `usage` says, in whichever of the ways of counting: OpenAI's completions and responses, where the cached tokens are part of the
 * input, under the names that DeepSeek (`prompt_cache_hit_tokens`) and others give them; or Anthropic's, where they are not. What is not told of them is as
 * `before`. `undefined` where no count of tokens is told.
 *
 * (https://developers.openai.com/api/docs/guides/prompt-caching, https://platform.claude.com/docs/en/build-with-claude/prompt-caching,
 * https://api-docs.deepseek.com/guides/kv_cache)
 */
export function toldTokens(usage: Said, before: Used = unused): Used | undefined {
  const prompt = count(usage['prompt_tokens']) ?? count(usage['input_tokens'])
  const answer = count(usage['completion_tokens']) ?? count(usage['output_tokens'])
  if (prompt === undefined && answer === undefined) return undefined
  const details = record(usage['prompt_tokens_details']) ?? record(usage['input_tokens_details']) ?? {}
  const read = count(usage['cache_read_input_tokens'])
  const made = count(usage['cache_creation_input_tokens'])
  const cached =
    count(details['cached_tokens']) ?? count(usage['prompt_cache_hit_tokens']) ?? read ?? before.cached
  const written = count(details['cache_write_tokens']) ?? made ?? before.written
  const apart = usage['prompt_tokens'] === undefined && (read !== undefined || made !== undefined)
  const input = prompt === undefined ? before.input : prompt + (apart ? cached + written : 0)
  const known = Math.min(cached, input)
  return {
    input,
    output: answer === undefined ? before.output : withThoughts(usage, input, answer),
    cached: known,
    written: Math.min(written, input - known),
  }
}

/** Some do not count what the model thought as completion (xAI, Gemini), but all count it in the total. */
function withThoughts(usage: Said, input: number, answer: number): number {
  return Math.max(answer, (count(usage['total_tokens']) ?? 0) - input)
}

/** No answer takes more tokens; one that says so would spoil the sum for good. */
const mostTokens = 1_000_000_000

function count(tokens: unknown): number | undefined {
  return Number.isSafeInteger(tokens) && (tokens as number) >= 0 && (tokens as number) <= mostTokens
    ? (tokens as number)
    : undefined
}
