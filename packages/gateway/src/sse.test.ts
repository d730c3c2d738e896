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

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('understands lines that end with %s, as soon as they do', (_, end) => {
    const reader = new SseReader()
    const bytes = Buffer.from(`event: x${end}data${end}data:  two${end}id: 1${end}${end}`)
    const events = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])))
    const [event, ...more] = [...events, ...reader.push(Buffer.from(`data: next${end}${end}`))]

    expect(event).toMatchObject({ name: 'x', data: '\n two' })
    expect(more.at(-1)).toMatchObject({ name: undefined, data: 'next' })
  })

  it.each(['data:', 'data', 'event: ping', ': comment', 'id: 1', 'datas: x'])(
    'finds nothing to dispatch in %j',
    (line) => {
      expect(new SseReader().push(Buffer.from(`${line}\n\n`))).toMatchObject([{ data: undefined }])
    },
  )

  it('drops a byte order mark before the first event, and nowhere else', () => {
    const mark = '\u{feff}'
    const events = new SseReader().push(Buffer.from(`${mark}data: 1\n\n${mark}data: 2\n\n`))

    expect(events.map(({ data }) => data)).toEqual(['1', undefined])
    expect(events[0]?.bytes.toString()).toBe('data: 1\n\n')
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
