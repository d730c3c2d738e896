import { describe, expect, it } from 'vitest'
import { SseReader } from './sse.ts'

const text =
  'data: {"a":"héllo 🌍"}\n\n: keep-alive\r\n\r\ndata: one\r\ndata:two\r\n\r\nevent: x\ndata: [DONE]\n\n'

describe('SseReader', () => {
  it('gives the same events wherever the bytes are cut in two', () => {
    const bytes = Buffer.from(text)
    const expected = ['{"a":"héllo 🌍"}', undefined, 'one\ntwo', '[DONE]']

    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new SseReader()
      const events = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))]
      expect(events.map(({ data }) => data)).toEqual(expected)
      expect(Buffer.concat(events.map((event) => event.bytes)).equals(bytes)).toBe(true)
    }
  })

  it('gives the same events byte by byte', () => {
    const reader = new SseReader()
    const events = [...Buffer.from(text)].flatMap((byte) => reader.push(Buffer.from([byte])))

    expect(events).toHaveLength(4)
  })

  it('keeps back what has no blank line yet', () => {
    const reader = new SseReader()

    expect(reader.push(Buffer.from('data: half'))).toEqual([])
    expect(reader.rest.toString()).toBe('data: half')
  })

  it('refuses an event that never ends', () => {
    const reader = new SseReader()
    const megabyte = Buffer.alloc(1024 * 1024, 'a')

    expect(() => {
      for (let pushed = 0; pushed < 10; pushed++) reader.push(megabyte)
    }).toThrow(RangeError)
  })
})
