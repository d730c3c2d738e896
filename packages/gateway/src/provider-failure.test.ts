import { describe, expect, it } from 'vitest'
import { failureInBody, failureOf } from './provider-failure.ts'

const answered = (status: number, error: object | string, retryAfter?: string) =>
  failureOf({
    upstream: 'one',
    status,
    body: Buffer.from(typeof error === 'string' ? error : JSON.stringify({ error })),
    retryAfter,
    key: 'k-secret',
    wallNow: 0,
  })

describe('failureOf', () => {
  it.each([
    [400, { message: 'temperature must be below 2' }, 'permanent', 'request'],
    [422, { message: 'no' }, 'permanent', 'request'],
    [400, { code: 'content_policy_violation', message: 'no' }, 'permanent', 'request'],
    [400, { code: 'context_length_exceeded', message: 'no' }, 'permanent', 'size'],
    [400, { message: 'prompt is too long: 300000 tokens > 200000 maximum' }, 'permanent', 'size'],
    [413, {}, 'permanent', 'size'],
    [404, { details: { error_code: 'thread_not_found' } }, 'permanent', 'wire'],
    [409, { details: { error_code: 'thread_already_continued' } }, 'permanent', 'wire'],
    [400, { message: 'Your credit balance is too low' }, 'permanent', 'link'],
    [400, { message: 'The model `x` does not exist' }, 'permanent', 'model'],
    [401, { message: 'no' }, 'permanent', 'link'],
    [404, {}, 'permanent', 'model'],
    [408, {}, 'transient', 'link'],
    [425, {}, 'transient', 'link'],
    [429, { code: 'rate_limit_exceeded' }, 'throttled', 'link'],
    [429, { code: 'insufficient_quota' }, 'permanent', 'link'],
    [429, { type: 'insufficient_quota' }, 'permanent', 'link'],
    [500, 'no JSON', 'transient', 'link'],
    [529, { type: 'overloaded_error' }, 'transient', 'link'],
  ])('takes %i with %o for %s, and blames the %s', (status, error, failed, blame) => {
    const failure = answered(status, error)

    expect([failure.class, failure.blame]).toEqual([failed, blame])
    expect(failure.answer !== undefined).toBe(['request', 'size', 'wire'].includes(blame))
  })

  it('keeps the words of the provider for the caller, but not its key', () => {
    const body = '{ "error": {"message":"odd Bearer k-secret"} , "seed":12345678901234567890 }'

    expect(answered(400, body).answer?.body.toString()).toBe(body.replace('k-secret', '[key]'))
    expect(answered(400, body).message).not.toContain('secret')
  })

  it.each([
    ['2', 2_000],
    ['99999999', 3_600_000],
    ['-1', undefined],
    [undefined, undefined],
  ])('understands Retry-After: %s', (header, ms) => {
    expect(answered(429, {}, header).retryAfter).toBe(ms)
  })
})

describe('failureInBody', () => {
  it.each([
    [{ type: 'overloaded_error', message: 'Overloaded' }, 'transient', undefined],
    [{ code: 'rate_limit_exceeded' }, 'throttled', undefined],
    [{ code: 429, message: 'slow down' }, 'throttled', 429],
    [{ code: 402, message: 'no credit' }, 'permanent', 402],
    [{ code: 7 }, 'transient', undefined],
    [{ type: 'invalid_request_error' }, 'permanent', undefined],
    [{ message: 'Unexpected endpoint or method. (POST /x)' }, 'permanent', undefined],
    [{}, 'transient', undefined],
  ])('takes %o for %s', (error, failed, status) => {
    expect(failureInBody(error, 'one')).toMatchObject({ class: failed, status, blame: 'link' })
  })
})
