import { describe, expect, it } from 'vitest'
import { openaiRequest } from './openai-request.ts'
import type { WireObject } from './wire-value.ts'

const taste = { limit: 'max_tokens', thinking: true } as const
const messages = [{ role: 'user', content: 'hi' }]
const translate = (body: WireObject, but: object = {}): WireObject =>
  openaiRequest({ model: 'm', max_tokens: 5, messages, ...body }, { ...taste, ...but })

describe('openaiRequest', () => {
  it.each([
    [
      'one system prompt',
      {
        system: [
          { type: 'text', text: 'a', cache_control: {} },
          { type: 'text', text: 'b' },
        ],
      },
      { messages: [{ role: 'system', content: 'a\n\nb' }, ...messages] },
    ],
    ['the tokens of a stream', { stream: true }, { stream: true, stream_options: { include_usage: true } }],
    [
      'an effort that is named',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      { reasoning_effort: 'high' },
    ],
    ['no wish to think', { thinking: { type: 'enabled', budget_tokens: 1_024 } }, {}],
    ['no user that is a whole story', { metadata: { user_id: 'x'.repeat(65) } }, {}],
  ])('gives %s', (_, body, expected) => {
    expect(translate(body)).toEqual({ model: 'm', max_tokens: 5, messages, ...expected })
  })

  it('says the limit, and nothing of what was thought, as its server wants it', () => {
    const content = [
      { type: 'thinking', thinking: 'x', signature: 's' },
      { type: 'text', text: 'y' },
    ]
    const body = translate(
      { messages: [{ role: 'assistant', content }] },
      { limit: 'max_completion_tokens', thinking: false },
    )

    expect(body).toEqual({
      model: 'm',
      max_completion_tokens: 5,
      messages: [{ role: 'assistant', content: 'y' }],
    })
  })

  it('lets a picture that a tool found stand in the message after it', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://x.example/' } }
    const result = { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'see' }, image] }

    expect(translate({ messages: [{ role: 'user', content: [result] }] })['messages']).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'see' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.example/' } }] },
    ])
  })

  it.each([
    ['tools[0].type: web_search_20250305', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['container', { container: 'c' }],
    ['mcp_servers', { mcp_servers: [] }],
    ['inference_geo', { inference_geo: 'eu' }],
    [
      'messages[0].content[0].source.type: file',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file' } }] }] },
    ],
    [
      'messages[0].content[0].type: server_tool_use',
      { messages: [{ role: 'assistant', content: [{ type: 'server_tool_use' }] }] },
    ],
    ['messages[0].role: none', { messages: [null] }],
    ['tool_choice.type: none', { tools: [{ name: 'x' }], tool_choice: {} }],
  ])('names %s, which has no counterpart', (field, body) => {
    expect(() => translate(body)).toThrow(`\`${field}\` `)
  })
})
