import { describe, expect, it } from 'vitest'
import { toldTokens } from './told-tokens.ts'

describe('toldTokens', () => {
  it.each([
    [
      'OpenAI, of completions',
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 15 },
      },
      { input: 100, output: 20, cached: 64, written: 0 },
    ],
    [
      'OpenAI, of responses',
      {
        input_tokens: 100,
        output_tokens: 20,
        total_tokens: 120,
        input_tokens_details: { cached_tokens: 64 },
        output_tokens_details: { reasoning_tokens: 15 },
      },
      { input: 100, output: 20, cached: 64, written: 0 },
    ],
    [
      'OpenAI, of embeddings',
      { prompt_tokens: 8, total_tokens: 8 },
      { input: 8, output: 0, cached: 0, written: 0 },
    ],
    [
      'DeepSeek',
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
      },
      { input: 100, output: 20, cached: 64, written: 0 },
    ],
    [
      'Anthropic, whose cached tokens come beside the others',
      { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 64, cache_creation_input_tokens: 26 },
      { input: 100, output: 20, cached: 64, written: 26 },
    ],
    [
      'the gateway, of Anthropic',
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 26 },
      },
      { input: 100, output: 20, cached: 64, written: 26 },
    ],
    [
      'xAI, which does not count thoughts as completion',
      { prompt_tokens: 100, completion_tokens: 20, total_tokens: 420 },
      { input: 100, output: 320, cached: 0, written: 0 },
    ],
    [
      'one that caches more than there was',
      { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 50 } },
      { input: 10, output: 1, cached: 10, written: 0 },
    ],
  ])('reads what is told by %s', (_, usage, expected) => {
    expect(toldTokens(usage)).toEqual(expected)
  })

  it('leaves what is not told again as it was before', () => {
    const before = { input: 100, output: 1, cached: 64, written: 3 }

    expect(toldTokens({ output_tokens: 20 }, before)).toEqual({ ...before, output: 20 })
  })

  it.each([-1, 0.5, '7', NaN, Infinity, 1e15, null, {}])('does not take %j for tokens', (tokens) => {
    expect(toldTokens({ prompt_tokens: tokens, completion_tokens: tokens })).toBeUndefined()
  })
})
