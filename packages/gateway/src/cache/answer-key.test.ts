import { describe, expect, it } from 'vitest'
import { type ChatRequest, chatRequest } from '../chat-request.ts'
import { answerKey, type KeyTerms } from './answer-key.ts'

const terms: KeyTerms = { chain: 'c', links: ['a', 'b'], apart: true }
const plain = { model: 'c', messages: [{ role: 'user', content: 'hi' }] }
const request = (body: object = {}, more: Partial<ChatRequest> = {}): ChatRequest => {
  const read = chatRequest(JSON.stringify({ ...plain, ...body }), more.headers ?? {})
  if (typeof read === 'string') throw new Error(read)
  return { ...read, ...more }
}
const known = answerKey(request(), terms)

describe('answerKey', () => {
  it.each([
    ['stream', { stream: true }],
    ['stream_options', { stream_options: { include_usage: true } }],
    ['user', { user: 'u' }],
    ['metadata', { metadata: { a: 'b' } }],
    ['safety_identifier', { safety_identifier: 's' }],
    ['prompt_cache_key', { prompt_cache_key: 'k' }],
    ['prompt_cache_retention', { prompt_cache_retention: '24h' }],
  ])('takes %s for nothing', (_, body) => {
    expect(answerKey(request(body), terms)).toBe(known)
  })

  it.each<[string, ChatRequest, Partial<KeyTerms>]>([
    ['a field that it does not know', request({ foo: 1 }), {}],
    ['another dialect', request({}, { dialect: 'anthropic' }), {}],
    ['another door', request({}, { passage: 'embeddings' }), {}],
    ['another version of the wire', request({}, { headers: { 'anthropic-beta': 'x' } }), {}],
    ['another chain', request(), { chain: 'd' }],
    ['other links', request(), { links: ['a'] }],
    ['a client', request({}, { client: { name: 'alice' } as NonNullable<ChatRequest['client']> }), {}],
  ])('takes %s for something', (_, other, but) => {
    expect(answerKey(other, { ...terms, ...but })).toMatch(/^[0-9a-f]{64}$/)
    expect(answerKey(other, { ...terms, ...but })).not.toBe(known)
  })

  it('takes other headers, and clients that are not apart, for nothing', () => {
    const client = { name: 'alice' } as NonNullable<ChatRequest['client']>

    expect(answerKey(request({}, { headers: { 'user-agent': 'x' } }), terms)).toBe(known)
    expect(answerKey(request({}, { client }), { ...terms, apart: false })).toBe(known)
  })

  it('is none for a request that does more than to ask', () => {
    expect(answerKey(request({ store: true }), terms)).toBeUndefined()
    expect(answerKey(request({ thread: { type: 'create' } }), terms)).toBeUndefined()
    expect(answerKey(request({ thread: null }), terms)).toBeDefined()
    expect(answerKey(request({}, { passage: 'responses' }), terms)).toBeUndefined()
    expect(answerKey(request({ store: false }, { passage: 'responses' }), terms)).toBeDefined()
  })
})
