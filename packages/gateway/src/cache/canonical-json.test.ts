import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

const of = (json: string, ...without: string[]) =>
  canonicalJson(json, JSON.parse(json) as Record<string, unknown>, new Set(without))

describe('canonicalJson', () => {
  it('shows neither the order of keys nor white space, at any depth', () => {
    const one = '{"b":[{"y":1,"x":"é"}],"a":null}'
    const other = '{ "a" : null,\n "b": [ {"x":"\\u00e9", "y": 1.0} ] }'

    expect(of(one)).toBe('{"a":null,"b":[{"x":"é","y":1}]}')
    expect(of(other)).toBe(of(one))
  })

  it('leaves out what it is told to at the top, and nowhere else', () => {
    expect(of('{"user":"u","a":{"user":"v"}}', 'user')).toBe('{"a":{"user":"v"}}')
  })

  it('keeps the order of lists', () => {
    expect(of('{"a":[1,2]}')).not.toBe(of('{"a":[2,1]}'))
  })

  it.each([
    ['a key that stands twice', '{"a":1,"a":2}', '{"a":2}'],
    ['one further down', '{"x":[{"a":1,"a":2}]}', '{"x":[{"a":2}]}'],
    ['numbers that are one as doubles', '{"seed":12345678901234567890}', '{"seed":12345678901234567891}'],
    ['a number that is none', '{"a":1e999}', '{"a":null}'],
    ['what is left out but stands twice', '{"a":1,"user":"x","user":"y"}', '{"a":1,"user":"y"}'],
  ])('takes %s for what it is', (_, one, other) => {
    expect(of(one, 'user')).not.toBe(of(other, 'user'))
    expect(of(one, 'user')).toBe(one)
  })

  it('is not taken in by strings that look like JSON', () => {
    const json = '{"a":"\\\\","b":"{\\"x\\":1, \\"x\\":12345678901234567890}\\\\\\""}'

    expect(of(json)).toBe(json)
    expect(of(` ${json}`)).toBe(json)
  })

  it('takes a nesting without end as it stands', () => {
    const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`

    expect(of(` ${deep}`)).toBe(` ${deep}`)
  })
})
