import { describe, expect, it } from 'vitest'
import { limitRefusal } from './limit-refusal.ts'

const wallNow = Date.UTC(2026, 10, 21, 19)
const rate = { limit: 5, per: 1_000 }

describe('limitRefusal', () => {
  it.each([
    [{ limit: 'requests', rate, wait: 200.2 }, 'has used up its 5 requests a second. Try again in 201 ms.'],
    [
      { limit: 'requests', rate: { limit: 1, per: 86_400_000 }, wait: 12_345 },
      'has used up its 1 requests a day. Try again in 13 s.',
    ],
    [
      { limit: 'requests', rate: { limit: 7, per: 1_234 }, wait: 1 },
      'has used up its 7 requests in 1234 ms. Try again in 1 ms.',
    ],
    [
      { limit: 'concurrent', most: 1 },
      'has 1 request in flight, and may have no more at the same time. Try again in 1000 ms.',
    ],
  ] as const)('says why, and when to try again: %j', (excess, message) => {
    expect(limitRefusal('alice', excess, wallNow).error).toEqual({
      message: `The client 'alice' ${message}`,
      type: excess.limit,
      code: 'rate_limit_exceeded',
      param: null,
    })
  })

  it('rounds up when to come back', () => {
    expect(limitRefusal('alice', { limit: 'requests', rate, wait: 200.2 }, wallNow).headers).toEqual({
      'retry-after': '1',
      'retry-after-ms': '201',
    })
  })

  it('says as OpenAI does that all is spent, until when, and that trying again before is in vain', () => {
    const over = { is: 'spent' as const, message: 'It is all spent.', until: wallNow + 5 * 3_600_000 }

    expect(limitRefusal('alice', { limit: 'spend', over }, wallNow)).toEqual({
      limit: 'spend',
      headers: { 'retry-after': '18000', 'retry-after-ms': '18000000', 'x-should-retry': 'false' },
      error: {
        message: 'It is all spent.',
        type: 'insufficient_quota',
        code: 'insufficient_quota',
        param: null,
      },
    })
  })

  it('has one try again soon that has spent nothing too much yet', () => {
    const over = { is: 'in flight', message: 'It may all be spent.' } as const

    expect(limitRefusal('alice', { limit: 'spend', over }, wallNow)).toEqual({
      limit: 'spend',
      headers: { 'retry-after': '1', 'retry-after-ms': '1000' },
      error: {
        message: 'It may all be spent. Try again in 1000 ms.',
        type: 'spend',
        code: 'rate_limit_exceeded',
        param: null,
      },
    })
  })

  it('names no time where nothing begins again', () => {
    const over = { is: 'spent' as const, message: 'It is all spent.', until: undefined }

    expect(limitRefusal('alice', { limit: 'spend', over }, wallNow).headers).toEqual({
      'x-should-retry': 'false',
    })
  })
})
