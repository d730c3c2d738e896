import { describe, expect, it } from 'vitest'
import { CompletionStream } from './completion-stream.ts'

const chunk = (delta: unknown, finish: string | null = null, index = 0): string =>
  JSON.stringify({ choices: [{ index, delta, finish_reason: finish }] })

describe('CompletionStream', () => {
  it.each([
    ['[DONE]', 'done'],
    [' [DONE] ', 'done'],
    [chunk({ content: 'x' }), 'content'],
    [chunk({ tool_calls: [{}] }), 'content'],
    [chunk({ reasoning_content: 'hm' }), 'content'],
    [chunk({}, 'stop'), 'content'],
    [chunk({ role: 'assistant', content: '' }), 'quiet'],
    [chunk({ content: null, tool_calls: [] }), 'quiet'],
    [chunk(null), 'quiet'],
    [chunk({}, ''), 'quiet'],
    ['{"choices":[]}', 'quiet'],
    ['{"choices":[null,7]}', 'quiet'],
    ['{"error":null,"choices":[]}', 'quiet'],
    ['{"error":{"message":"x"}}', 'error'],
    ['{"error":"x"}', 'error'],
    [chunk({ content: 'x' }, 'error'), 'error'],
    ['[]', 'garbage'],
    ['{"choices":', 'garbage'],
  ])('takes %s for %s', (data, is) => {
    expect(new CompletionStream().read(data).is).toBe(is)
  })

  it.each([
    [chunk({ content: 'x' }), false],
    [chunk({ content: 'x', tool_calls: [], function_call: null }), false],
    [chunk({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }), true],
    [chunk({ function_call: { name: 'f' } }), true],
  ])('knows of %s whether it is a piece of a call', (data, calls) => {
    expect(new CompletionStream().read(data)).toMatchObject({ is: 'content', calls })
  })

  it('takes whatever an event named error says for an error', () => {
    expect(new CompletionStream().read('{"message":"busy"}', 'error')).toEqual({
      is: 'error',
      body: { message: 'busy' },
    })
    expect(new CompletionStream().read('busy', 'error')).toEqual({ is: 'error', body: { message: 'busy' } })
  })

  it('is whole when every choice that began has finished, and never before', () => {
    const stream = new CompletionStream()
    const whole = [
      chunk({ content: 'a' }),
      chunk({ content: 'b' }, '', 1),
      chunk({}, 'stop'),
      chunk({}, 'length', 1),
      chunk({ content: 'afterthought' }),
    ].map((data) => {
      stream.read(data)
      return stream.whole
    })

    expect(whole).toEqual([false, false, false, true, true])
  })

  it('is not whole before as many choices have finished as were asked for', () => {
    const stream = new CompletionStream(2)
    stream.read(chunk({}, 'stop'))
    expect(stream.whole).toBe(false)

    stream.read(chunk({}, 'stop', 1))
    expect(stream.whole).toBe(true)
  })
})
