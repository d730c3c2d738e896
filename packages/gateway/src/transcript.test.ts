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
    ['reasoning', { choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] }],
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

  it('does not keep a text without end in memory (I3)', () => {
    const transcript = new Transcript()
    for (let sent = 0; sent < 12; sent++) transcript.sent(chunk('x'.repeat(100_000)))

    expect([transcript.resumable, transcript.text]).toEqual([false, ''])
  })
})
