import { describe, expect, it } from 'vitest'
import type { Journey, LinkFailure } from './journey.ts'
import { refusal } from './refusal.ts'

const refused = (...failures: Partial<LinkFailure>[]) => refusedTo({}, failures)

const refusedTo = (more: Partial<Journey>, failures: readonly Partial<LinkFailure>[]) =>
  refusal({
    chain: 'default',
    began: 0,
    attempts: 1,
    cut: false,
    ...more,
    failures: failures.map((failure) => ({
      link: 'one',
      class: 'transient',
      message: 'one answered 500',
      attempts: 1,
      ...failure,
    })),
  })

describe('refusal', () => {
  it.each([
    ['the first link that may be back', [{ retryAfter: 9_000 }, { retryAfter: 2_001 }], '3'],
    ['a link that does not say', [{ retryAfter: 60_000 }, {}], '5'],
    ['all links, when all say later', [{ retryAfter: 60_000 }, { class: 'unable' as const }], '60'],
    ['a breaker that nobody closes', [{ class: 'open' as const, retryAfter: Infinity }], '3600'],
    ['nobody', [], '5'],
    ['a link that may be back at once', [{ retryAfter: 0 }], '1'],
  ])('says to come back for %s', (_, failures, seconds) => {
    expect(refused(...failures).headers['retry-after']).toBe(seconds)
  })

  it.each([
    ['has tried', {}, [{}], { 'retry-after': '5', 'x-should-retry': 'false' }],
    [
      'has asked nobody',
      { attempts: 0 },
      [{ class: 'open' as const, retryAfter: 900 }],
      { 'retry-after': '1', 'x-should-retry': 'true' },
    ],
    ['has tried but once for who tries again', { retriedOutside: true }, [{}], { 'x-should-retry': 'true' }],
    [
      'has been told when by all',
      { retriedOutside: true },
      [{ retryAfter: 900 }, { class: 'unable' as const }],
      { 'retry-after': '1', 'x-should-retry': 'true' },
    ],
    [
      'can never answer',
      { attempts: 0 },
      [{ class: 'unable' as const }],
      { 'retry-after': '5', 'x-should-retry': 'false' },
    ],
  ])('tells a library what to do where the gateway %s', (_, journey, failures, headers) => {
    expect(refusedTo(journey, failures).headers).toEqual(headers)
  })

  it('names every link, its reason and its wait', () => {
    const { error } = refused(
      { attempts: 2, status: 500, retryAfter: 1_500 },
      { class: 'open', retryAfter: Infinity },
    )

    expect(error.message).toContain(
      'one: one answered 500 after 2 attempts (again in 2 s); one: one answered 500. Try',
    )
    expect(error['links']).toEqual([
      {
        link: 'one',
        class: 'transient',
        message: 'one answered 500',
        attempts: 2,
        status: 500,
        retry_after_ms: 1_500,
      },
      expect.objectContaining({ class: 'open', status: null }),
    ])
    expect(JSON.stringify(error)).not.toContain('Infinity')
  })
})
