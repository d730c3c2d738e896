import { describe, expect, it } from 'vitest'
import { anthropicRequest } from './anthropic-request.ts'
import { withoutUnsignedThinking } from './reasoning.ts'
import type { WireObject } from './wire-value.ts'

const taste = { sampling: true, thinking: 'adaptive', forced: true, maxTokens: 8_192 } as const
const messages = [{ role: 'user', content: 'hi' }]
const translate = (body: WireObject, but: object = {}): WireObject =>
  anthropicRequest({ model: 'm', messages, ...body }, { ...taste, ...but })

describe('anthropicRequest', () => {
  it.each([
    ['a limit where none was set', {}, { max_tokens: 8_192 }],
    ['the newer limit', { max_completion_tokens: 5, max_tokens: 9 }, { max_tokens: 5 }],
    ['a temperature that Anthropic takes', { temperature: 1.7, top_p: 0.5 }, { temperature: 1 }],
    ['one stop', { stop: 'x' }, { stop_sequences: ['x'] }],
    ['stops that are more than space', { stop: [' ', 'y'] }, { stop_sequences: ['y'] }],
    ['an effort', { reasoning_effort: 'minimal' }, { output_config: { effort: 'low' } }],
    ['no thinking', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['thinking as Anthropic has it', { thinking: { type: 'adaptive' } }, { thinking: { type: 'adaptive' } }],
    ['who asks', { safety_identifier: 'a', user: 'b' }, { metadata: { user_id: 'a' } }],
    ['what is null as nothing', { n: null, audio: null, tools: null, stop: null }, {}],
    ['what is only wished for as nothing', { seed: 1, store: true, presence_penalty: 1, n: 1 }, {}],
  ])('gives %s', (_, body, expected) => {
    expect(translate(body)).toEqual({
      model: 'm',
      max_tokens: 8_192,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      ...expected,
    })
  })

  it.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { 5: 1 } }],
    ['audio', { audio: { voice: 'x' } }],
    ['functions', { functions: [{ name: 'x' }] }],
    ['web_search_options', { web_search_options: {} }],
    ['something_new', { something_new: 1 }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['tools[0].type: custom', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['tool_choice', { tools: [{ function: { name: 'x' } }], tool_choice: { type: 'allowed_tools' } }],
    ['messages[0].role: function', { messages: [{ role: 'function', content: 'x' }] }],
    [
      'messages[0].content[0].type: input_audio',
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
    ],
    [
      'messages[0].content[0].file.file_id',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    ],
    [
      'messages[0].content[0].image_url.url',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///x' } }] }] },
    ],
    ['messages[0].content[0].type: none', { messages: [{ role: 'user', content: [null] }] }],
  ])('names %s, which has no counterpart', (field, body) => {
    expect(() => translate(body)).toThrow(`\`${field}\` `)
  })

  it('leaves to a model that takes no wishes, and cannot but think, what it takes', () => {
    const asked = { temperature: 0.5, top_p: 1, top_k: 3, reasoning_effort: 'none' }

    expect(translate(asked, { sampling: false, thinking: 'always' })).toEqual({
      model: 'm',
      max_tokens: 8_192,
      messages: expect.anything(),
      output_config: { effort: 'low' },
    })
    expect(translate({ reasoning_effort: 'high' }, { thinking: 'asked' })).not.toHaveProperty('output_config')
  })

  it.each(['required', { type: 'function', function: { name: 'x' } }])(
    'has no words to force a tool on a model that cannot be forced: %o',
    (choice) => {
      const asked = { tools: [{ function: { name: 'x' } }], tool_choice: choice }
      expect(() => translate(asked, { forced: false })).toThrow('`tool_choice` forces a tool')
      expect(translate({ ...asked, tool_choice: 'auto' }, { forced: false })['tool_choice']).toEqual({
        type: 'auto',
      })
      expect(translate({ ...asked, tools: [] }, { forced: false })).not.toHaveProperty('tool_choice')
    },
  )

  it('puts turns in the order that Anthropic wants', () => {
    const { system, messages } = translate({
      messages: [
        { role: 'developer', content: 'be kind' },
        { role: 'user', content: 'one' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"x":' } }],
        },
        { role: 'user', content: 'meanwhile' },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'done' }] },
        { role: 'system', content: 'be brief' },
        { role: 'assistant', content: 'and so  ' },
      ],
    })

    expect(system).toEqual([{ type: 'text', text: 'be kind' }])
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'one' }] },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'a', name: 'f', input: { rawInvalidInput: '{"x":' } }],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'done' }] },
          { type: 'text', text: 'meanwhile' },
          { type: 'text', text: 'be brief' },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'and so' }] },
    ])
  })

  it('keeps what was thought only where it is signed by Anthropic', () => {
    const reasoning_details = [
      { type: 'reasoning.text', text: 'a', signature: 's', format: 'anthropic-claude-v1' },
      { type: 'reasoning.text', text: 'b', signature: 's', format: 'google-gemini-v1' },
      { type: 'reasoning.text', text: 'c' },
      { type: 'reasoning.encrypted', data: 'd' },
    ]
    const { messages } = translate({
      messages: [{ role: 'assistant', content: 'x', reasoning_content: 'z', reasoning_details }],
    })

    expect(messages).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'a', signature: 's' },
          { type: 'redacted_thinking', data: 'd' },
          { type: 'text', text: 'x' },
        ],
      },
    ])
  })
})

describe('withoutUnsignedThinking', () => {
  it('takes out what nobody signed, and a turn that was nothing else', () => {
    const unsigned = { type: 'thinking', thinking: 'x', signature: '' }
    const signed = { ...unsigned, signature: 's' }
    const user = { role: 'user', content: 'hi' }
    const said = (...content: object[]): object => ({ role: 'assistant', content })

    expect(
      withoutUnsignedThinking({ messages: [user, said(unsigned, signed), user, said(unsigned)] }),
    ).toEqual({
      messages: [user, said(signed), user],
    })
    const untouched = { messages: [user, said(signed)] }
    expect(withoutUnsignedThinking(untouched)).toBe(untouched)
  })
})
