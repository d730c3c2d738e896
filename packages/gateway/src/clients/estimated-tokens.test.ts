import { describe, expect, it } from 'vitest'
import { chatRequest, passingRequest } from '../chat-request.ts'
import { estimatedTokens } from './estimated-tokens.ts'

const of = (more: object, messages: unknown = [{ role: 'user', content: 'x'.repeat(400) }]) => {
  const read = chatRequest(JSON.stringify({ model: 'm', messages, ...more }), {})
  if (typeof read === 'string') throw new Error(read)
  return estimatedTokens(read)
}
const passing = (passage: 'embeddings' | 'responses' | 'count_tokens', more: object) => {
  const read = passingRequest(JSON.stringify({ model: 'm', ...more }), {}, passage)
  if (typeof read === 'string') throw new Error(read)
  return estimatedTokens(read)
}

describe('estimatedTokens', () => {
  it('takes four bytes of the prompt for a token, and a thousand for an answer of unknown length', () => {
    expect(of({})).toEqual({ input: 104, output: 1_000 })
    expect(of({}, [{ role: 'user', content: '字'.repeat(400) }]).input).toBe(304)
    expect(of({ system: 'y'.repeat(400), tools: [{ name: 'z'.repeat(36) }] }).input).toBeGreaterThan(210)
  })

  it.each([
    [{ max_tokens: 50 }, 50],
    [{ max_completion_tokens: 60, max_tokens: 50 }, 60],
    [{ max_tokens: 50, n: 3 }, 150],
    [{ max_tokens: 0 }, 0],
    [{ max_tokens: -1 }, 1_000],
    [{ max_tokens: 1e300 }, 1_000],
    [{ max_tokens: '50' }, 1_000],
    [{ max_tokens: null, n: 'x' }, 1_000],
  ])('takes %j for an answer of %i tokens', (more, output) => {
    expect(of(more).output).toBe(output)
  })

  it.each([
    [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(1e6)}` } }],
    [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(1e6) } }],
    [{ type: 'input_audio', input_audio: { data: 'A'.repeat(1e6), format: 'wav' } }],
    [{ type: 'file', file: { file_data: `data:application/pdf;base64,${'A'.repeat(1e6)}` } }],
  ])('takes a picture, a sound or a file for a thousand, not for its bytes', (part) => {
    const { input } = of({}, [{ role: 'user', content: [part] }])

    expect(input).toBeGreaterThan(1_000)
    expect(input).toBeLessThan(1_050)
  })

  it('expects no answer to embeddings, takes a response’s own words, and counting for nothing', () => {
    expect(passing('embeddings', { input: ['x'.repeat(40)] })).toEqual({ input: 10, output: 0 })
    expect(passing('responses', { input: 'x'.repeat(40), max_output_tokens: 7 })).toEqual({
      input: 10,
      output: 7,
    })
    expect(passing('count_tokens', { messages: [{ content: 'x'.repeat(400) }] })).toEqual({
      input: 0,
      output: 0,
    })
  })

  it('is not led down a hole', () => {
    const read = chatRequest(`{"model":"m","messages":${'['.repeat(50_000)}"x"${']'.repeat(50_000)}}`, {})

    expect(typeof read === 'string' ? read : estimatedTokens(read).input).toBe(0)
  })
})
