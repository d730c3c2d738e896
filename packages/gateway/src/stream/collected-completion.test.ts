import { describe, expect, it } from 'vitest'
import { CollectedCompletion } from './collected-completion.ts'

const collected = (...deltas: object[]): unknown => {
  const all = new CollectedCompletion()
  for (const delta of deltas)
    all.add({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta }],
    })
  all.add({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: null })
  all.add({ id: 'c', choices: [], usage: { total_tokens: 3 } })
  return all.completion()
}
const completion = (message: object): object => ({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, logprobs: null, finish_reason: 'stop' }],
  usage: { total_tokens: 3 },
})

describe('CollectedCompletion', () => {
  it('puts text together', () => {
    expect(collected({ role: 'assistant', content: '' }, { content: 'Hel' }, { content: 'lo' })).toEqual(
      completion({ content: 'Hello' }),
    )
  })

  it('puts calls of tools together by their index', () => {
    const call = (index: number, id: string) => ({
      tool_calls: [{ index, id, type: 'function', function: { name: 'f', arguments: '' } }],
    })
    const piece = (index: number, text: string) => ({
      tool_calls: [{ index, function: { arguments: text } }],
    })

    expect(collected(call(0, 'a'), piece(0, '{"x"'), piece(0, ':1}'), call(1, 'b'), piece(1, '{}'))).toEqual(
      completion({
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'b', type: 'function', function: { name: 'f', arguments: '{}' } },
        ],
      }),
    )
  })

  it('keeps what it does not know', () => {
    expect(collected({ reasoning_content: 'h' }, { reasoning_content: 'm', content: 'x' })).toEqual(
      completion({ content: 'x', reasoning_content: 'hm' }),
    )
  })

  it('puts log probabilities and several choices in order', () => {
    const all = new CollectedCompletion()
    const token = (index: number, text: string) => ({
      choices: [{ index, delta: { content: text }, logprobs: { content: [{ token: text }] } }],
    })
    for (const chunk of [token(1, 'x'), token(0, 'a'), token(0, 'b')]) all.add(chunk)

    expect(all.completion()['choices']).toMatchObject([
      { index: 0, message: { content: 'ab' }, logprobs: { content: [{ token: 'a' }, { token: 'b' }] } },
      { index: 1, message: { content: 'x' } },
    ])
  })

  it('takes no harm from an index or a key out of place', () => {
    const odd = JSON.parse(
      '{"__proto__":{"x":1},"tool_calls":[{"index":-1},{"index":1e9},{"index":"a"}]}',
    ) as object

    expect(collected(odd)).toMatchObject({ choices: [{ message: { tool_calls: [{}, {}, {}] } }] })
  })
})
