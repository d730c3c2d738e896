import { describe, expect, it } from 'vitest'
import type { HttpUpstream } from './config/upstream.ts'
import { keyHeaders } from './key-headers.ts'

const upstream = (more: Partial<HttpUpstream>): HttpUpstream => ({
  is: 'http',
  url: 'https://models.example',
  ...more,
})
const bearer = { authorization: 'Bearer k' }
const anthropic = { 'anthropic-version': '2023-06-01', 'x-api-key': 'k' }

describe('keyHeaders', () => {
  it.each<[string, Partial<HttpUpstream>, object]>([
    ['nothing where there is no key', {}, {}],
    ['a bearer', { key: 'k' }, bearer],
    ['the first of several', { keys: ['k', 'l'] }, bearer],
    ['a bearer to who speaks both wires', { key: 'k', dialect: 'both' }, bearer],
    ['what Anthropic wants', { key: 'k', dialect: 'anthropic' }, anthropic],
    ['what Anthropic wants, by its name', { key: 'k', provider: 'anthropic' }, anthropic],
    ['what the file says it speaks', { key: 'k', provider: 'anthropic', dialect: 'openai' }, bearer],
    ['the version without a key', { dialect: 'anthropic' }, { 'anthropic-version': '2023-06-01' }],
  ])('are %s', (_, more, headers) => {
    expect(keyHeaders(upstream(more))).toEqual(headers)
  })
})
