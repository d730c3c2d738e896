import { describe, expect, it } from 'vitest'
import type { ModelCall } from './language-model.ts'
import { prefilledCall } from './prefilled-call.ts'

const call: ModelCall = { prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] }
const beginning = { role: 'assistant' as const, content: [{ type: 'text' as const, text: 'One' }] }
const plain = { form: 'plain', provider: 'x.chat' } as const

describe('prefilledCall', () => {
  it('adds the beginning of the answer, without the white space that ends it', () => {
    expect(prefilledCall(call, 'One ', plain)).toEqual({ prompt: [...call.prompt, beginning] })
  })

  it('marks it as each provider wants it', () => {
    expect(prefilledCall(call, 'One', { ...plain, form: 'prefix' })?.prompt.at(-1)).toEqual({
      ...beginning,
      providerOptions: { openaiCompatible: { prefix: true } },
    })
    expect(
      prefilledCall({ ...call, providerOptions: { x: { a: 1 } } }, 'One', { ...plain, form: 'vllm' }),
    ).toMatchObject({
      providerOptions: { x: { a: 1, continue_final_message: true, add_generation_prompt: false } },
    })
  })

  it('has nothing to add to white space, to a beginning of the caller, or where JSON is wanted', () => {
    expect(prefilledCall(call, ' \n', plain)).toBeUndefined()
    expect(prefilledCall({ prompt: [beginning] }, 'One', plain)).toBeUndefined()
    expect(prefilledCall({ ...call, responseFormat: { type: 'json' } }, 'One', plain)).toBeUndefined()
  })
})
