import { describe, expect, it } from 'vitest'
import {
  asksForStructure,
  type ChatRequest,
  chatRequest,
  choicesAsked,
  lastQuestion,
} from './chat-request.ts'

const read = (body: object): ChatRequest => {
  const request = chatRequest(JSON.stringify({ model: 'm', messages: [{}], ...body }), {})
  if (typeof request === 'string') throw new Error(request)
  return request
}

describe('chatRequest', () => {
  it('keeps the text as it came', () => {
    const json = '{ "messages":[{}], "seed":12345678901234567890, "model":"m" }'

    expect(chatRequest(json, {})).toMatchObject({ json, model: 'm', stream: false })
  })

  it.each([
    [{ stream: true }, true],
    [{ stream: false }, false],
    [{ stream: null }, false],
    [{}, false],
  ])('understands whether %o wants a stream', (body, stream) => {
    expect(read(body).stream).toBe(stream)
  })

  it.each([
    '',
    '[]',
    'null',
    '"x"',
    '{"model":1,"messages":[{}]}',
    '{"model":"","messages":[{}]}',
    '{"model":"m"}',
  ])('says what is wrong with %s', (json) => {
    expect(chatRequest(json, {})).toBeTypeOf('string')
  })
})

describe('choicesAsked', () => {
  it.each([
    [undefined, 1],
    [null, 1],
    [0, 1],
    [3, 3],
    ['3', 1],
  ])('takes n: %o for %i', (n, choices) => {
    expect(choicesAsked(read({ n }))).toBe(choices)
  })
})

describe('asksForStructure', () => {
  it.each([
    [{ tools: [{}] }, 'tools'],
    [{ functions: [{}] }, 'tools'],
    [{ tools: [] }, undefined],
    [{ response_format: { type: 'json_schema' } }, 'response format'],
    [{ response_format: { type: 'text' } }, undefined],
    [{}, undefined],
  ])('finds in %o: %s', (body, structure) => {
    expect(asksForStructure(read(body))).toBe(structure)
  })
})

describe('lastQuestion', () => {
  it.each([
    [
      'the last of the user',
      [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
        { role: 'tool', content: 'c' },
      ],
      'b',
    ],
    [
      'its text parts',
      [{ role: 'user', content: [{ text: 'a' }, { type: 'image_url' }, { text: 'b' }] }],
      'a\nb',
    ],
    ['nothing where there is none', [{ role: 'system', content: 'a' }], ''],
    ['nothing in what is no message', [null, 5, { role: 'user', content: 7 }], ''],
  ])('is %s', (_, messages, question) => {
    expect(lastQuestion(read({ messages }))).toBe(question)
  })
})
