import { describe, expect, it } from 'vitest'
import { type ChatRequest, chatRequest, passingRequest } from '../chat-request.ts'
import { inability } from './inability.ts'

const request = (more: object): ChatRequest => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'an image, please' }], ...more }
  return chatRequest(JSON.stringify(body), {}) as ChatRequest
}
const showing = (part: object): ChatRequest => request({ messages: [{ role: 'user', content: [part] }] })
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } }
const blind = { vision: false }

describe('inability', () => {
  it.each([
    ['an image of the OpenAI wire', showing({ type: 'image_url', image_url: { url: 'data:' } })],
    ["an image of Anthropic's wire", showing(image)],
    ['an image that a tool gave', showing({ type: 'tool_result', tool_use_id: 't', content: [image] })],
  ])('is to be shown %s without eyes', (_, shown) => {
    expect(inability(shown, blind)).toEqual({ field: 'messages', lacks: 'vision', why: 'takes no images' })
    for (const able of [{ vision: true }, {}]) expect(inability(shown, able)).toBeUndefined()
  })

  it('is to be given tools without hands', () => {
    const given = request({ tools: [{ type: 'function', function: { name: 'f' } }] })

    expect(inability(given, { tools: false })).toEqual({
      field: 'tools',
      lacks: 'tools',
      why: 'takes no tools',
    })
    for (const able of [{ tools: true }, {}]) expect(inability(given, able)).toBeUndefined()
  })

  it.each([
    ['words about images', request({})],
    ['an empty list of tools', request({ tools: [] })],
    ['messages that are none', request({ messages: [null, 'image', { content: [null, 'image'] }] })],
    [
      'what only passes through',
      passingRequest('{"model":"m","messages":[]}', {}, 'responses') as ChatRequest,
    ],
  ])('is not %s', (_, asked) => {
    expect(inability(asked, { tools: false, vision: false })).toBeUndefined()
  })
})
