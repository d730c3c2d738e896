import { describe, expect, it } from 'vitest'
import { redacted } from './redacted.ts'

describe('redacted', () => {
  it.each([
    ['the key that was sent', 'plain-old-word is wrong', '[redacted] is wrong'],
    ['a key of OpenAI', 'got sk-proj-abc123_XYZ.', 'got [redacted]'],
    ['a key of which stars stand for the middle', 'got sk-ab****************yz', 'got [redacted]'],
    ['a bearer token', 'header "Authorization: Bearer eyJhbGciOi.x-y"', 'header "Authorization: [redacted]"'],
    ['no ordinary words', 'the risk-free key is missing', 'the risk-free key is missing'],
  ])('hides %s', (_, text, expected) => {
    expect(redacted(text, 'plain-old-word')).toBe(expected)
  })

  it('takes nothing out for a key too short to be one', () => {
    expect(redacted('a cab', 'a')).toBe('a cab')
  })
})
