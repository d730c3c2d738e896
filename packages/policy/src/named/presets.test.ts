import { afterEach, describe, expect, it } from 'vitest'
import { BreakerOpenError, UnknownNameError } from '../errors.ts'
import type { Decorator } from '../pipeline/wrap.ts'
import { policy } from './policy.ts'
import type { PolicyOptions } from './policy-options.ts'
import { outsideSystems, preset } from './presets.ts'
import { forget, status, statuses } from './registry.ts'

afterEach(() => {
  for (const all of Object.values(statuses())) for (const { name } of all) forget(name)
})
const now: PolicyOptions = { retry: { attempts: 1 }, breaker: { failures: 2, openFor: 30_000 } }
const asItIs: Decorator = (work) => work
const fail = () => Promise.reject(new Error('no'))

describe('preset', () => {
  it('is there for each of the systems outside', () => {
    expect(outsideSystems.join(' ')).toBe(
      'intune jamf sccm landscape ansible servicenow jira active_directory entra_id ai_provider database external_api lmstudio',
    )
  })

  it.each(outsideSystems)(
    'of %s breaks off after 5 failures for 60 s (a database 30 s), and fits itself',
    (name) => {
      const { retry, breaker, bulkhead, timeout } = preset(name)

      expect(breaker).toEqual({ failures: 5, openFor: name === 'database' ? 30_000 : 60_000 })
      expect(retry.attempts).toBeLessThan(5)
      expect(retry.backoff.max).toBeGreaterThan(retry.backoff.initial)
      expect(bulkhead).toEqual({ limit: expect.any(Number), queue: 10 * bulkhead.limit, maxWait: timeout })
      expect(
        policy(name, preset(name))
          .status()
          .policies.map((each) => each.name),
      ).toEqual(['retry', name, name, 'timeout'])
    },
  )

  it('is plain data', () => {
    expect(JSON.parse(JSON.stringify(preset('jira')))).toEqual(preset('jira'))
  })

  it('says which there are when there is none of that name', () => {
    expect(() => preset('jra' as never)).toThrow(UnknownNameError)
    expect(() => preset('toString' as never)).toThrow(
      /there is no preset 'toString'; there is intune, jamf, .* and 1 more/,
    )
  })
})

describe('policy with options', () => {
  it('keeps going what fails, and breaks off in the end', async () => {
    const ask = policy('jira', now)
    await ask.attempt(fail)
    await ask.attempt(fail)

    await expect(ask(() => 1)).rejects.toBeInstanceOf(BreakerOpenError)
    expect(status('breaker')).toMatchObject([{ name: 'jira', is: 'open' }])
    expect(status('budget').map(({ name }) => name)).toEqual(['jira'])
  })

  it('is the same for options that say the same, and for the name alone', () => {
    const made = policy('jira', now)

    expect(policy('jira', structuredClone(now))).toBe(made)
    expect(policy('jira')).toBe(made)
  })

  it('refuses other options, and policies in their place', () => {
    const made = policy('jira', now)
    expect(() => policy('jira', { ...now, timeout: 5 })).toThrow(
      `policy 'jira' already exists with { retry: {"attempts":1}, breaker: {"failures":2,"openFor":30000} } and was asked for again with { retry: {"attempts":1}, breaker: {"failures":2,"openFor":30000}, timeout: 5 }`,
    )
    expect(() => policy('jira', asItIs)).toThrow(/already exists with { policies: retry, jira }/)
    policy('mail', ...(made.policies.slice(1) as [never]))
    expect(() => policy('mail', now)).toThrow(/already exists with { policies: retry, jira } and was asked/)
  })

  it('lets breaker, bulkhead and budget belong to others', () => {
    policy('jira eu', { ...preset('jira'), to: 'jira', budget: 'tickets' })

    expect(status('breaker').map(({ name }) => name)).toEqual(['jira'])
    expect(status('bulkhead').map(({ name }) => name)).toEqual(['jira'])
    expect(status('budget').map(({ name }) => name)).toEqual(['tickets'])
  })

  it('refuses what it does not know, and options that ask for nothing', () => {
    expect(() => policy('x', { retries: 3 } as object)).toThrow(/policy.retries must be left out/)
    expect(() => policy('x', {})).toThrow(/at least one of retry, breaker, bulkhead, timeout/)
    expect(status('policy')).toEqual([])
  })
})
