import { describe, expect, it } from 'vitest'
import { resetMs, restAskedFor } from './rate-limit-headers.ts'

const now = Date.parse('2026-11-21T12:00:00Z')

describe('restAskedFor', () => {
  it.each([
    [429, { 'retry-after': '2' }, 2_000],
    [429, { 'retry-after': 'Sat, 21 Nov 2026 12:00:07 GMT' }, 7_000],
    [429, { 'retry-after-ms': '1500', 'retry-after': '2' }, 1_500],
    [529, { 'retry-after': '90000' }, 300_000],
    [200, { 'retry-after': '2' }, 0],
    [500, { 'retry-after': '2' }, 0],
    [429, {}, 0],
    [200, { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' }, 120],
    [
      200,
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-limit-requests': '9',
        'x-ratelimit-reset-requests': '6s',
      },
      0,
    ],
    [200, { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '120ms' }, 0],
    [200, { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 60_000],
    [
      200,
      {
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-limit-tokens': '0',
        'x-ratelimit-reset-tokens': '6s',
      },
      0,
    ],
    [
      200,
      {
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-11-21T12:00:03Z',
      },
      3_000,
    ],
    [
      429,
      { 'retry-after': '1', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now + 5_000) },
      5_000,
    ],
    [200, { 'x-ratelimit-remaining-requests': '0' }, 0],
    [200, { 'x-ratelimit-remaining-requests': 'many', 'x-ratelimit-reset-requests': 'soon' }, 0],
  ])('takes %i with %o for %i ms', (status, headers, ms) => {
    expect(restAskedFor(status, headers as Record<string, string>, now)).toBe(ms)
  })
})

describe('resetMs', () => {
  it.each([
    ['1s', 1_000],
    ['6m0s', 360_000],
    ['1h2m3.5s', 3_723_500],
    ['20ms', 20],
    ['1.5', 1_500],
    [String(now / 1_000 + 4), 4_000],
    [String(now + 4_000), 4_000],
    ['2026-11-21T12:00:04+00:00', 4_000],
    ['2020-01-01T00:00:00Z', 0],
    ['', 0],
    ['s1', 0],
    ['tomorrow', 0],
  ])('takes %s for %i ms', (text, ms) => {
    expect(resetMs(text, now)).toBe(ms)
  })
})
