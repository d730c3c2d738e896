import { describe, expect, it } from 'vitest'
import { headerText, toClient, toUpstream } from './headers.ts'

describe('toUpstream', () => {
  it('passes on what the client said, without its credentials, its address and its connection', () => {
    const sent = {
      'x-request-id': 'r1',
      'openai-beta': 'b',
      authorization: 'Bearer mine',
      'x-api-key': 'mine',
      cookie: 'a=b',
      host: 'gateway',
      connection: 'keep-alive, X-Private',
      'x-private': 'p',
      'x-forwarded-for': '10.0.0.1',
      'x-holdfast-link': 'forged',
      'accept-encoding': 'br',
      expect: '100-continue',
      'content-length': '5',
    }

    expect(toUpstream(sent, { key: 'key', dialect: 'openai' })).toEqual({
      'x-request-id': 'r1',
      'openai-beta': 'b',
      authorization: 'Bearer key',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    })
    expect(toUpstream(sent, { key: undefined, dialect: 'openai' })).not.toHaveProperty('authorization')
  })

  it('approaches each wire in its own way', () => {
    const sent = { 'openai-beta': 'b', 'anthropic-beta': 'c' }
    const rest = { 'accept-encoding': 'identity', 'content-type': 'application/json' }

    expect(toUpstream(sent, { key: 'k', dialect: 'anthropic' })).toEqual({
      'anthropic-beta': 'c',
      'anthropic-version': '2023-06-01',
      'x-api-key': 'k',
      ...rest,
    })
    expect(toUpstream(sent, { key: 'k', dialect: 'anthropic', bearer: true })).toMatchObject({
      authorization: 'Bearer k',
    })
    expect(toUpstream(sent, { key: 'k', dialect: 'openai' })).toEqual({
      'openai-beta': 'b',
      authorization: 'Bearer k',
      ...rest,
    })
  })
})

describe('toClient', () => {
  it('passes on what the provider said, but no cookie and nothing of its connection', () => {
    const headers = {
      'x-request-id': 'r1',
      'x-ratelimit-remaining-requests': '5',
      'set-cookie': ['a=b'],
      connection: ['close', 'x-private'] as unknown as string, // as undici gives what stands twice
      'x-private': 'p',
      'content-length': '5',
      'content-encoding': 'identity',
      'x-holdfast-link': 'forged',
    }

    expect(toClient(headers)).toEqual({ 'x-request-id': 'r1', 'x-ratelimit-remaining-requests': '5' })
  })
})

describe('headerText', () => {
  it('is the first of several', () => {
    expect([headerText(['1', '2']), headerText('3'), headerText(undefined)]).toEqual(['1', '3', undefined])
  })
})
