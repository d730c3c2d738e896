import { describe, expect, it } from 'vitest'
import { charactersIn, saidTokens } from './said-tokens.ts'

describe('charactersIn', () => {
  it.each([
    ['words', { choices: [{ delta: { role: 'assistant', content: 'four' } }] }, 4],
    ['thoughts', { choices: [{ delta: { content: null, reasoning_content: 'thinking' } }] }, 8],
    [
      'calls of tools',
      { choices: [{ delta: { tool_calls: [{ function: { name: 'add', arguments: '{"a":1}' } }] } }] },
      10,
    ],
    ['several choices', { choices: [{ delta: { content: 'a' } }, { delta: { content: 'bc' } }] }, 3],
    ['an answer in one piece', { choices: [{ message: { role: 'assistant', content: 'whole' } }] }, 5],
    ['a piece of a response', { type: 'response.output_text.delta', delta: 'word' }, 4],
    ['nothing', { choices: [null, {}, { delta: 7 }] }, 0],
  ])('counts %s', (_, chunk, expected) => {
    expect(charactersIn(chunk)).toBe(expected)
  })
})

describe('saidTokens', () => {
  it('takes four characters for a token, and a piece for one at least', () => {
    expect(saidTokens(1, 40)).toBe(10)
    expect(saidTokens(7, 9)).toBe(7)
    expect(saidTokens(0, 0)).toBe(0)
  })
})
