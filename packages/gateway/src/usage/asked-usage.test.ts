import { describe, expect, it } from 'vitest'
import { ProviderFailure } from '../provider-failure.ts'
import { isUsageAlone, refusesUsage, wantsUsage, withUsage } from './asked-usage.ts'

const request = (json: string) => ({ json, body: JSON.parse(json) as Record<string, unknown> })

describe('withUsage', () => {
  it.each([
    ['{"stream":true}', '{"stream_options":{"include_usage":true},"stream":true}'],
    [
      '{"stream_options":{"include_obfuscation":false}, "big":12345678901234567890}',
      '{"stream_options":{"include_obfuscation":false,"include_usage":true}, "big":12345678901234567890}',
    ],
    ['{"stream_options":null}', '{"stream_options":{"include_usage":true}}'],
  ])('makes of %s', (json, expected) => {
    expect(withUsage(request(json)).json).toBe(expected)
  })
})

describe('wantsUsage', () => {
  it('is true for who asks, and for Anthropic’s clients', () => {
    expect(wantsUsage({ dialect: 'openai', body: {} })).toBe(false)
    expect(wantsUsage({ dialect: 'openai', body: { stream_options: { include_usage: true } } })).toBe(true)
    expect(wantsUsage({ dialect: 'anthropic', body: {} })).toBe(true)
  })
})

describe('refusesUsage', () => {
  it.each([
    [400, "a answered 400: Unrecognized request argument supplied: 'stream_options'", true],
    [422, 'a answered 422: include_usage: extra inputs are not permitted', true],
    [400, 'a answered 400: max_tokens is too large', false],
    [500, 'a answered 500: stream_options', false],
  ])('knows whether %i %s is about it', (status, message, expected) => {
    expect(refusesUsage(new ProviderFailure({ class: 'permanent', status, message }))).toBe(expected)
  })

  it('is no other error', () => {
    expect(refusesUsage(new Error('stream_options'))).toBe(false)
  })
})

describe('isUsageAlone', () => {
  it('is true for a chunk of tokens without a choice', () => {
    expect(isUsageAlone({ choices: [], usage: { prompt_tokens: 1 } })).toBe(true)
    expect(isUsageAlone({ choices: [], usage: null })).toBe(false)
    expect(isUsageAlone({ choices: [{}], usage: { prompt_tokens: 1 } })).toBe(false)
    expect(isUsageAlone({ usage: { prompt_tokens: 1 } })).toBe(false)
  })
})
