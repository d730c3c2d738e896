import { describe, expect, it } from 'vitest'
import { type LinesOptions, lines } from './lines.ts'

const cut = (chunks: readonly (string | Buffer)[], options: Omit<LinesOptions, 'line'> = {}) => {
  const heard: string[] = []
  const reader = lines({ line: (text) => heard.push(text), ...options })
  for (const chunk of chunks) reader.write(Buffer.from(chunk))
  reader.end()
  return heard
}

describe('lines', () => {
  it('cuts at every newline, and keeps empty lines', () => {
    expect(cut(['a\nb', 'c\n\nd\n'])).toEqual(['a', 'bc', '', 'd'])
  })

  it('takes \\r\\n for one newline, also across chunks, and keeps other \\r', () => {
    expect(cut(['a\r\nb\r', '\nc\rd\n'])).toEqual(['a', 'b', 'c\rd'])
  })

  it('gives a last line without a newline', () => {
    expect(cut(['a\nb'])).toEqual(['a', 'b'])
    expect(cut([])).toEqual([])
  })

  it('keeps characters whole that a chunk cuts', () => {
    const bytes = Buffer.from('grüße 🙂\n')

    expect(cut([...bytes].map((byte) => Buffer.from([byte])))).toEqual(['grüße 🙂'])
  })

  it('splits a long line, and never within a character', () => {
    expect(cut(['abcdefgh\n'], { limit: 3 })).toEqual(['abc', 'def', 'gh'])
    expect(cut(['ab🙂c\n'], { limit: 3 })).toEqual(['ab', '🙂c'])
    expect(cut(['x'.repeat(2_100_000)]).map(({ length }) => length)).toEqual([1_048_576, 1_048_576, 2_848])
  })

  it('takes a line that just fits, with either newline', () => {
    expect(cut(['abc\nabc\r\nabc\r', '\n'], { limit: 3 })).toEqual(['abc', 'abc', 'abc'])
  })

  it('stops at a line that is too long, when told to', () => {
    let overflows = 0

    expect(cut(['ok\nabcd', 'e\nok\n'], { limit: 3, overflow: () => overflows++ })).toEqual(['ok'])
    expect(overflows).toBe(1)
  })
})
