import { describe, expect, it } from 'vitest'
import { Alike } from './alike.ts'

const chunk = (content: unknown, more: object = {}) => ({
  id: 'c-1',
  model: 'm',
  choices: [{ index: 0, delta: { content, ...more }, finish_reason: null }],
})
const to = (of: object): Alike | undefined => Alike.to(JSON.stringify(of), of as never)
const alike = to(chunk('Once'))!

describe('Alike', () => {
  it.each([' upon', 'é 🌍', '{}', ',', 'Once', '\u2028', 'x'.repeat(10_000)])(
    'reads %j as parsing does',
    (text) => {
      expect(alike.read(JSON.stringify(chunk(text)))).toEqual(chunk(text))
    },
  )

  it.each([
    ['an escape', JSON.stringify(chunk('a\nb'))],
    ['a quotation mark', JSON.stringify(chunk('"'))],
    ['nothing', JSON.stringify(chunk(''))],
    ['null', JSON.stringify(chunk(null))],
    ['what is no JSON', JSON.stringify(chunk('x')).replace('"x"', '"x\u0007"')],
    ['two keys', JSON.stringify(chunk('x')).replace('"x"', '"x","tool_calls":"y"')],
    ['another end', JSON.stringify(chunk('x')).replace('null', '"stop"')],
    ['another beginning', JSON.stringify({ ...chunk('x'), id: 'c-2' })],
    ['half of it', JSON.stringify(chunk('x')).slice(0, 40)],
    ['beginning and end in one', '{"id":"c-1"}'],
  ])('leaves %s to the parser', (_, data) => {
    expect(alike.read(data)).toBeUndefined()
  })

  it.each([
    ['a content that would be escaped', chunk('a"b')],
    ['no content', chunk(null)],
    ['an empty one', chunk('')],
    ['no choice', { choices: [] }],
    ['two choices', { choices: [...chunk('a').choices, ...chunk('b').choices] }],
    ['a text that stands elsewhere before it', { ...chunk('x'), id: 'x' }],
  ])('is not made of %s', (_, of) => {
    expect(to(of)).toBeUndefined()
  })

  it('is made of a chunk that is written with spaces', () => {
    const data = JSON.stringify(chunk('x'), null, 1)

    expect(Alike.to(data, chunk('x'))?.read(data.replace('"x"', '"why"'))).toEqual(chunk('why'))
  })

  it('takes the last of two keys of one name, as parsing does', () => {
    const twice = '{"choices":[{"delta":{"content":"a","content":"b"}}]}'

    expect(Alike.to(twice, JSON.parse(twice))?.read(twice.replace('"b"', '"c"'))).toEqual({
      choices: [{ delta: { content: 'c' } }],
    })
    const same = '{"choices":[{"delta":{"content":"a","content":"a"}}]}'
    expect(Alike.to(same, JSON.parse(same))).toBeUndefined()
  })
})
