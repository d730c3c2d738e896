import { describe, expect, it } from 'vitest'
import { withModel } from './model-span.ts'

describe('withModel', () => {
  it('replaces the model and leaves every other character as it was', () => {
    const json =
      '{ "temperature": 1.0, "seed": 12345678901234567890,\n "model" : "default" , "messages":[{"role":"user","content":"model"}] }'

    expect(withModel(json, 'gpt "x"')).toBe(json.replace('"default"', '"gpt \\"x\\""'))
  })

  it.each([
    ['a nested model', '{"meta":{"model":"a"},"model":"b"}', '{"meta":{"model":"a"},"model":"NEW"}'],
    ['a model in a list', '{"tools":[{"model":"a"}],"model":"b"}', '{"tools":[{"model":"a"}],"model":"NEW"}'],
    ['a value that is the word model', '{"a":"model","model":"b"}', '{"a":"model","model":"NEW"}'],
    [
      'quotes and backslashes before it',
      '{"a":"\\\\\\"model\\":","model":"b"}',
      '{"a":"\\\\\\"model\\":","model":"NEW"}',
    ],
    ['an escaped key', '{"mod\\u0065l":"b"}', '{"mod\\u0065l":"NEW"}'],
    ['the key twice', '{"model":"a","model":"b"}', '{"model":"NEW","model":"NEW"}'],
    ['a model that is no text', '{"model":{"a":[1,"}"]},"x":1}', '{"model":"NEW","x":1}'],
    ['a model at the end', '{"x":1,"model":null\n}', '{"x":1,"model":"NEW"\n}'],
    ['no model', '{"x":1}', '{"model":"NEW","x":1}'],
    ['nothing', '{ }', '{"model":"NEW" }'],
  ])('understands %s', (_, json, expected) => {
    expect(withModel(json, 'NEW')).toBe(expected)
  })
})
