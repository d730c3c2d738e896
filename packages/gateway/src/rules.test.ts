import { describe, expect, it } from 'vitest'
import { chatRequest } from './chat-request.ts'
import { type Rule, ruleAnswer } from './rules.ts'

const answer = (rules: readonly Rule[], content: string) => {
  const request = chatRequest(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }), {})
  if (typeof request === 'string') throw new Error(request)
  return ruleAnswer(rules, request)
}

describe('ruleAnswer', () => {
  it.each([
    ['$1 and $2', 'b and c'],
    ['$<last>', 'c'],
    ['$$1 costs $5', '$1 costs $5'],
    ['[$3]', '[]'],
    ['$<nobody>', '$<nobody>'],
    ['$& $` $0', '$& $` abc'],
  ])('fills %s in', (text, expected) => {
    expect(answer([{ match: /a(b)(?<last>c)(d)?/, answer: text }], 'abc')).toEqual({ text: expected })
  })

  it('answers by the first rule that matches', () => {
    const rules = [/x/, /b/, /a/].map((match) => ({ match, answer: match.source }))

    expect(answer(rules, 'a b')).toEqual({ text: 'b' })
    expect(answer(rules, 'c')).toEqual({ why: 'no rule matches the question' })
  })

  it.each(['g', 'y'])('answers the same question twice, although the pattern has the flag %s', (flag) => {
    const rules = [{ match: new RegExp('hi', flag), answer: 'hello' }]

    expect([answer(rules, 'hi'), answer(rules, 'hi')]).toEqual([{ text: 'hello' }, { text: 'hello' }])
  })

  it('looks at no more than the beginning of a long question', () => {
    expect(answer([{ match: /end/, answer: 'x' }], `${'a'.repeat(2_000)}end`)).toHaveProperty('why')
  })
})
