import {
  APICallError,
  InvalidArgumentError,
  JSONParseError,
  LoadAPIKeyError,
  UnsupportedFunctionalityError,
} from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { ProviderFailure } from '../provider-failure.ts'
import { modelFailure } from './model-failure.ts'

const answered = (statusCode: number, message: string, responseHeaders: Record<string, string> = {}) =>
  new APICallError({
    message,
    url: 'https://a.test',
    requestBodyValues: {},
    statusCode,
    responseHeaders,
    responseBody: JSON.stringify({ error: { message } }),
  })
const garbage = new JSONParseError({ text: '{', cause: new SyntaxError('?') })
const unread = (cause: unknown) =>
  new APICallError({ message: 'unread', url: 'x', requestBodyValues: {}, statusCode: 200, cause })
const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })

describe('modelFailure', () => {
  it.each<[string, unknown, string, string, boolean]>([
    ['a limit', answered(429, 'slow down'), 'throttled', 'link', true],
    ['a spell of weakness', answered(503, 'later'), 'transient', 'link', true],
    ['a refused key', answered(401, 'who?'), 'permanent', 'link', false],
    ['a model that is not there', answered(404, 'no such model'), 'permanent', 'model', false],
    ['a prompt that is too long', answered(400, 'context_length_exceeded'), 'permanent', 'size', false],
    ['a content filter', answered(400, 'content_policy_violation'), 'permanent', 'request', false],
    [
      'no words for it',
      new UnsupportedFunctionalityError({ functionality: 'x' }),
      'permanent',
      'wire',
      false,
    ],
    [
      'another argument',
      new InvalidArgumentError({ argument: 'x', message: '?' }),
      'permanent',
      'wire',
      false,
    ],
    ['no key', new LoadAPIKeyError({ message: 'no key' }), 'permanent', 'link', false],
    ['no JSON', garbage, 'transient', 'link', true],
    ['an answer that is no JSON', unread(garbage), 'transient', 'link', true],
    ['an answer that broke off', unread(reset), 'broken', 'link', true],
    ['a connection that did', reset, 'broken', 'link', true],
    ['an error of a stream, with a status', { message: 'x', statusCode: 529 }, 'transient', 'link', true],
    ['one without', { message: 'Overloaded', type: 'overloaded_error' }, 'transient', 'link', true],
    ['one of few words', 'gone', 'transient', 'link', true],
    ['none at all', undefined, 'transient', 'link', true],
  ])('knows %s', (_, error, of, blame, retryable) => {
    expect(modelFailure(error, 'one')).toMatchObject({ class: of, blame, retryable })
  })

  it('keeps what was thrown, and a failure that is one already', () => {
    const failure = modelFailure(reset, 'one')

    expect(failure.cause).toBe(reset)
    expect(modelFailure(failure, 'two')).toBe(failure)
    expect(failure).toBeInstanceOf(ProviderFailure)
  })

  it('reads when to come back', () => {
    expect(modelFailure(answered(429, 'x', { 'retry-after': '2' }), 'one').retryAfter).toBe(2_000)
    expect(modelFailure(answered(429, 'x', { 'retry-after-ms': '70' }), 'one').retryAfter).toBe(70)
  })

  it('tells no secret', () => {
    const told = modelFailure(new Error('sk-abcdefghijklmnopqrstuvwxyz0123456789abcdef is no key'), 'one')

    expect(told.message).not.toContain('abcdefghijkl')
  })
})
