import { describe, expect, it } from 'vitest'
import type { LinkFailure } from './journey.ts'
import { refusal } from './refusal.ts'

const refused = (...failures: Partial<LinkFailure>[]) =>
  refusal({
    chain: 'default',
    began: 0,
    attempts: 1,
    cut: false,
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
