import { describe, expect, it } from 'vitest'
import { anthropicTaste, openaiTaste } from './tastes.ts'

describe('anthropicTaste', () => {
  it.each([
    ['claude-sonnet-5-5', { sampling: false, thinking: 'always', forced: false }],
    ['claude-opus-5-5', { sampling: false, thinking: 'always', forced: false }],
    ['claude-fable-5-1', { thinking: 'always', forced: false }],
    ['claude-sonnet-5', { sampling: false, thinking: 'adaptive', forced: true, maxTokens: 128_000 }],
    ['claude-opus-4-8', { sampling: false, thinking: 'adaptive' }],
    ['claude-sonnet-4-6', { sampling: true, thinking: 'adaptive' }],
    ['claude-haiku-4-5-20251001', { sampling: true, thinking: 'asked', maxTokens: 64_000 }],
    ['claude-opus-4-1', { maxTokens: 32_000 }],
    ['somebody-else', { maxTokens: 4_096, forced: true }],
  ])('is that of %s', (model, taste) => {
    expect(anthropicTaste(model)).toMatchObject(taste)
  })
})

describe('openaiTaste', () => {
  it('is that of who is known, and the usual one of others', () => {
    expect(openaiTaste('api.openai.com').limit).toBe('max_completion_tokens')
    expect(openaiTaste('127.0.0.1')).toEqual({ limit: 'max_tokens', thinking: true })
  })
})
