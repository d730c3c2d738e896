import { describe, expect, it } from 'vitest'
import { resetMs } from '../keys/rate-limit-headers.ts'
import { limitHeaders, withoutLimits } from './limit-headers.ts'

const wallNow = Date.UTC(2026, 10, 21, 19)

describe('limitHeaders', () => {
  it.each([
    [0, '0ms'],
    [0.2, '1ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [1_234, '1.3s'],
    [59_999, '1m0s'],
    [60_000, '1m0s'],
    [360_000, '6m0s'],
    [3_599_950, '1h0m0s'],
    [86_399_000, '23h59m59s'],
  ])('says %f ms as OpenAI does: %s', (full, text) => {
    const headers = limitHeaders({ requests: { limit: 9, left: 3, full } }, 'openai', wallNow)

    expect(headers).toEqual({
      'x-ratelimit-limit-requests': '9',
      'x-ratelimit-remaining-requests': '3',
      'x-ratelimit-reset-requests': text,
    })
    expect(resetMs(text, wallNow)).toBeGreaterThanOrEqual(Math.floor(full))
  })

  it('says a moment as Anthropic does, and only what there is', () => {
    const tokens = { limit: 9, left: 3, full: 90_000 }

    expect(limitHeaders({ tokens }, 'anthropic', wallNow)).toEqual({
      'anthropic-ratelimit-tokens-limit': '9',
      'anthropic-ratelimit-tokens-remaining': '3',
      'anthropic-ratelimit-tokens-reset': '2026-11-21T19:01:30Z',
    })
    expect(limitHeaders({}, 'openai', wallNow)).toEqual({})
  })
})

describe('withoutLimits', () => {
  it('leaves out what a provider says of limits, and nothing else', () => {
    expect(
      withoutLimits({
        'x-ratelimit-limit-requests': '1',
        'x-ratelimit-reset': '1',
        'anthropic-ratelimit-input-tokens-limit': '1',
        'x-request-id': 'r',
        'retry-after': '1',
      }),
    ).toEqual({ 'x-request-id': 'r', 'retry-after': '1' })
  })
})
