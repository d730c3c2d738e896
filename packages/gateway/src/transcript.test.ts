import { describe, expect, it } from 'vitest'
import { Transcript } from './transcript.ts'

const chunk = (content: string, finish: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
})
const said = (text: string): Transcript => {
  const transcript = new Transcript()
  transcript.sent(chunk(text))
  transcript.resume()
  return transcript
}

describe('Transcript', () => {
  it('swallows what the client has and goes on with what is new (I2)', () => {
    const transcript = said('Hello wor')

    expect(transcript.splice(chunk(''))).toEqual({ is: 'known' })
    expect(transcript.splice(chunk('Hello '))).toEqual({ is: 'known' })
    const crossing = transcript.splice(chunk('world'))
    expect(crossing.is === 'new' && crossing.bytes.toString()).toContain('"content":"ld"')
    expect(transcript.text).toBe('Hello world')
    expect(transcript.caughtUp).toBe(true)
  })

  it('never glues two different answers together (I2)', () => {
    expect(said('Hello').splice(chunk('Help'))).toEqual({ is: 'other' })
    expect(said('Hello').splice(chunk('Hello, you'.replace('l', 'L')))).toEqual({ is: 'other' })
  })

  it('takes an answer that ends earlier for another one (I2)', () => {
    expect(said('Hello').splice(chunk('Hel', 'stop'))).toEqual({ is: 'other' })
  })

  it('passes the end on when the break came just before it', () => {
    const spliced = said('Hello').splice(chunk('Hello', 'stop'))

    expect(spliced.is === 'new' && spliced.bytes.toString()).toContain('"finish_reason":"stop"')
  })

  it.each([
    ['tool calls', { choices: [{ index: 0, delta: { tool_calls: [{ index: 0 }] } }] }],
    [
      'log probabilities',
      { choices: [{ index: 0, delta: { content: 'x' }, logprobs: { content: [{ token: 'x' }] } }] },
    ],
    ['a second choice', { choices: [{ index: 1, delta: { content: 'x' } }] }],
  ])('is whole or nothing once %s went out (I3)', (_, sent) => {
    const transcript = new Transcript()
    transcript.sent(sent)

    expect(transcript.resumable).toBe(false)
  })

  it('leaves what was thought aside out of the text, and out of what follows (I3)', () => {
    const transcript = new Transcript()
    transcript.sent({ choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] })
    transcript.sent(chunk('Hel'))
    transcript.resume()
    const other = { choices: [{ index: 0, delta: { reasoning_content: 'or', content: 'Hello' } }] }
    const spliced = transcript.splice(other)

    expect(transcript.resumable).toBe(true)
    expect(spliced.is === 'new' && spliced.bytes.toString()).toBe(
      'data: {"choices":[{"index":0,"delta":{"content":"lo"}}]}\n\n',
    )
  })

  it('says the white space at the joint once, wherever it stands (I4)', () => {
    for (const [text, pieces] of [
      ['Hello ', [' ', 'world']],
      ['Hello ', [' world']],
      ['Hello ', ['world']],
      ['Hello \n', [' ', '\n', 'world']],
      ['Hello', [' world']],
    ] as const) {
      const transcript = new Transcript()
      transcript.sent(chunk(text))
      transcript.goOn()
      for (const piece of pieces) transcript.append(chunk(piece))

      expect(transcript.text).toBe(text === 'Hello \n' ? 'Hello \nworld' : 'Hello world')
      expect([transcript.joining, transcript.caughtUp]).toEqual([false, true])
    }
  })

  it('does not keep a text without end in memory (I3)', () => {
    const transcript = new Transcript()
    for (let sent = 0; sent < 12; sent++) transcript.sent(chunk('x'.repeat(100_000)))

    expect([transcript.resumable, transcript.text]).toEqual([false, ''])
  })
})
