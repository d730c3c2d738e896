import { describe, expect, it } from 'vitest'
import { chatRequest } from '../chat-request.ts'
import { prefilled } from './prefill.ts'

const request = (json: string) => {
  const read = chatRequest(json, {})
  if (typeof read === 'string') throw new Error(read)
  return read
}
const asked = '{ "model":"m", "seed": 12345678901234567890, "messages":[ {"role":"user","content":"]}"} ] }'

describe('prefilled', () => {
  it('adds the beginning of the answer and leaves every other character as it was', () => {
    expect(prefilled(request(asked), 'One "two" ', 'plain')).toBe(
      '{ "model":"m", "seed": 12345678901234567890, "messages":[ {"role":"user","content":"]}"} ,{"role":"assistant","content":"One \\"two\\""}] }',
    )
  })

  it('marks it as each provider wants it', () => {
    expect(prefilled(request(asked), 'One', 'prefix')).toContain('"content":"One","prefix":true}] }')
    expect(prefilled(request(asked), 'One', 'vllm')).toMatch(
      /^\{"continue_final_message":true,"add_generation_prompt":false, "model"/,
    )
  })

  it('has nothing to add to white space, nor to a beginning of the client', () => {
    const own = '{"model":"m","messages":[{"role":"assistant","content":"A"}]}'

    expect(prefilled(request(asked), ' \n', 'plain')).toBeUndefined()
    expect(prefilled(request(own), 'One', 'plain')).toBeUndefined()
    expect(prefilled({ ...request(own), body: { input: 'x' } }, 'One', 'plain')).toBeUndefined()
  })
})
