import { describe, expect, it } from 'vitest'
import { answerForm, inForm, sourceForm } from './answer-form.ts'

const piece = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  system_fingerprint: 'f',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'Grüße',
        reasoning_content: 'hm',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
      logprobs: { content: [{ token: 'G' }] },
      finish_reason: 'tool_calls',
    },
    { index: 1, message: { role: 'assistant', content: 'two' }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
}
const kept = (body: object | string) => ({
  type: 'x',
  link: 'a',
  at: 7,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
})

describe('answerForm', () => {
  it.each([
    [false, { include_usage: true }, 'piece'],
    [true, undefined, 'stream'],
    [true, null, 'stream'],
    [true, {}, 'stream'],
    [true, { include_usage: false }, 'stream'],
    [true, { include_usage: true }, 'stream-usage'],
  ])('of stream %s with %j is %s', (stream, options, form) => {
    expect(answerForm({ stream, body: { stream_options: options } })).toBe(form)
  })

  it('of a stream with other options is its own', () => {
    const of = (options: object) => answerForm({ stream: true, body: { stream_options: options } })
    const forms = [of({ include_obfuscation: true }), of({ include_usage: true, include_obfuscation: true })]

    expect(new Set(forms).size).toBe(2)
    for (const form of forms) expect(sourceForm(form)).toBeUndefined()
  })
})

describe('inForm', () => {
  it('makes a stream of a piece, and a piece of a stream, without a loss', () => {
    const stream = inForm('stream-usage', kept(piece))!
    const again = inForm('piece', stream)!

    expect(stream).toMatchObject({ type: 'text/event-stream; charset=utf-8', link: 'a', at: 7 })
    expect(again).toMatchObject({ type: 'application/json', link: 'a', at: 7 })
    expect(JSON.parse(String(again.body))).toEqual(piece)
  })

  it('leaves the usage out of a stream that is not to have it', () => {
    const { body } = inForm('stream', kept(piece))!

    expect(String(body)).not.toContain('usage')
    expect(String(body)).toMatch(/data: \[DONE\]\n\n$/)
  })

  it('makes nothing that would lack its usage', () => {
    const { usage: _, ...without } = piece

    expect(inForm('stream-usage', kept(without))).toBeUndefined()
    expect(inForm('piece', inForm('stream', kept(piece))!)).toBeUndefined()
  })
})
