import { describe, expect, it } from 'vitest'
import { messageAnswer } from './message-answer.ts'
import { MessageStreamTranslator } from './message-stream-translator.ts'
import { gatheredEvents } from './testing/gathered.ts'
import type { WireObject } from './wire-value.ts'

const chunk = (delta: object, finish_reason: string | null = null): WireObject => ({
  id: 'c',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
})
const translate = (...chunks: WireObject[]): WireObject => {
  const translator = new MessageStreamTranslator()
  return gatheredEvents([...chunks.flatMap((each) => translator.take(each)), ...translator.end()])
}

describe('MessageStreamTranslator', () => {
  it('keeps calls of tools apart, also where a server sends them without an index', () => {
    const call = (id: string | undefined, more: string, index?: number): object => ({
      tool_calls: [{ index, id, function: { name: 'f', arguments: more } }],
    })
    const whole = [
      { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
      { type: 'tool_use', id: 'b', name: 'f', input: {} },
    ]

    expect(
      translate(
        chunk(call('a', '{"x"', 0)),
        chunk(call(undefined, ':1}', 0)),
        chunk(call('b', '', 1)),
        chunk({}, 'stop'),
      ),
    ).toMatchObject({ content: whole, stop_reason: 'tool_use' })
    expect(
      translate(
        chunk(call('a', '{"x"')),
        chunk(call(undefined, ':1}')),
        chunk(call('b', '{}')),
        chunk({}, 'tool_calls'),
      ),
    ).toMatchObject({ content: whole, stop_reason: 'tool_use' })
  })

  it('cannot say a call that goes on after another began', () => {
    const call = (index: number): WireObject =>
      chunk({ tool_calls: [{ index, id: 'x', function: { arguments: '1' } }] })

    expect(() => translate(call(0), call(1), call(0))).toThrow('tool_calls[0]')
  })

  it('says a refusal as words, and why it ended', () => {
    expect(translate(chunk({ refusal: 'No.' }), chunk({}, 'stop'))).toMatchObject({
      content: [{ type: 'text', text: 'No.' }],
      stop_reason: 'refusal',
    })
  })

  it('tells the tokens that come after the last word, and leaves the cached ones out of the input', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 3, prompt_cache_hit_tokens: 4 }

    expect(translate(chunk({ content: 'x' }, 'length'), { choices: [], usage })).toMatchObject({
      stop_reason: 'max_tokens',
      usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 3 },
    })
  })

  it('lets words that nobody signed stand as thinking', () => {
    expect(translate(chunk({ reasoning: 'hm' }), chunk({ content: 'x' }, 'stop'))['content']).toEqual([
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'text', text: 'x' },
    ])
  })
})

describe('messageAnswer', () => {
  it('has no way to say arguments that are no object', () => {
    const tool_calls = [{ id: 'a', function: { name: 'f', arguments: '{"x":' } }]

    expect(() => messageAnswer({ choices: [{ message: { tool_calls } }] })).toThrow(
      'tool_calls[0].function.arguments',
    )
  })
})
