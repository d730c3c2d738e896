import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { fallback } from '../fallback/fallback.ts'
import { bulkhead } from '../limits/bulkhead.ts'
import { type Decorator, wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type NamedPolicy, policy } from './policy.ts'
import { preset } from './presets.ts'
import { forget, isolate, reset, status, statuses } from './registry.ts'
import { statistics } from './statistics.ts'

const forgetAll = () => {
  for (const kind of ['policy', 'breaker', 'budget', 'bulkhead'] as const)
    for (const { name } of status(kind)) forget(name, kind)
}
afterEach(forgetAll)

let made = 0
policyContract('policy', (clock) => policy(`policy ${++made}`, timeout(1e9, { clock })), {
  describe,
  it,
  expect,
})

describe('policy', () => {
  it('is the same pipeline by name everywhere', async () => {
    const made = policy('ai', timeout(1_000))

    expect(policy('ai')).toBe(made)
    expect(made.name).toBe('ai')
    expect(await policy('ai')(() => 'yes')).toBe('yes')
    expect(await made.attempt(() => 'yes')).toEqual({ ok: true, value: 'yes' })
    expect(status('policy').map(({ name }) => name)).toEqual(['ai'])
  })

  it('names those there are when it is asked for one there is not, and makes none', () => {
    expect(() => policy('ai')).toThrow("there is no policy 'ai'; there is no policy yet")
    policy('jira', timeout(1))
    policy('mail', timeout(1))

    expect(() => policy('ai')).toThrow("there is no policy 'ai'; there is jira, mail")
    expect(() => policy('ai')).toThrow(
      expect.objectContaining({ code: 'NAME_UNKNOWN', known: ['jira', 'mail'] }),
    )
    for (let n = 0; n < 20; n++) policy(`p${n}`, timeout(1))
    expect(() => policy('ai')).toThrow(/p9 and 10 more/)
    expect(status('policy')).toHaveLength(22)
  })

  it.each([
    ['a breaker that has other options', { ...preset('jira'), breaker: { failures: 9 } }, 'NAME_CONFLICT'],
    [
      'a bulkhead that has other options',
      { ...preset('jira'), to: 'other', bulkhead: { limit: 9 } },
      'NAME_CONFLICT',
    ],
    ['a timeout that is none', { ...preset('jira'), to: 'new', timeout: -1 }, 'OPTION_INVALID'],
  ])('takes no name when it comes to nothing because of %s', (_, options, code) => {
    breaker('half', { failures: 1 })
    bulkhead('other', { limit: 1 })
    const before = statuses()

    expect(() => policy('half', options)).toThrow(expect.objectContaining({ code }))
    expect(statuses()).toMatchObject(before)
    for (const kind of ['policy', 'budget', 'breaker', 'bulkhead'] as const)
      expect(status(kind).map(({ name }) => name)).toEqual((before[kind] ?? []).map(({ name }) => name))
  })

  it('may be made again with the very same policies only', () => {
    const [again, limit] = [retry(), timeout(1)]
    const own: Decorator = (work) => work
    const [noName] = [((work) => work) as Decorator]
    const made = policy('ai', again, limit, own)

    expect(policy('ai', again, limit, own)).toBe(made)
    expect(policy('ai', wrap(again, limit), own)).toBe(made)
    expect(() => policy('ai', again, own)).toThrow(expect.objectContaining({ code: 'NAME_CONFLICT' }))
    expect(() => policy('ai', again, timeout(1), own)).toThrow(
      "policy 'ai' already exists with { policies: retry, timeout, own } and was asked for again with { policies: retry, timeout, own }",
    )
    expect(() => policy('ai', again, limit, noName)).toThrow(/retry, timeout, a function/)
  })

  it('tells how its calls went and how the policies inside are', async () => {
    const clock = fakeClock()
    const gate = breaker('gate', { failures: 2, clock })
    const own: Decorator = (work) => work
    const ask = policy('ai', retry({ attempts: 1, clock }), gate, own)
    await ask(() => 1)
    await ask.attempt(() => Promise.reject(new Error('no')))

    expect(ask.status()).toEqual({
      name: 'ai',
      counts: { calls: 2, successes: 1, failures: 1, rejected: 0, aborted: 0, inFlight: 0 },
      durations: expect.objectContaining({ p50: expect.any(Number), max: expect.any(Number) }),
      policies: [
        expect.objectContaining({ name: 'retry' }),
        { name: 'gate', status: gate.status() },
        { name: 'own' },
      ],
    })
  })

  it('resets its counts and what is inside', async () => {
    const clock = fakeClock()
    const gate = breaker({ failures: 1, clock })
    const ask = policy('ai', gate)
    await ask.attempt(() => Promise.reject(new Error('no')))
    expect(gate.status().is).toBe('open')

    expect(reset('ai')).toBe(true)
    expect(gate.status().is).toBe('closed')
    expect(ask.status()).toMatchObject({ counts: { calls: 0, failures: 0 }, durations: undefined })
  })

  it('counts by the statistics it is given first, and else by its own', async () => {
    const stats = statistics({ durations: false, name: 'mine' })
    const limit = timeout(1_000)
    const ask = policy('lean', stats, limit)
    await ask(() => 1)

    expect(ask.status()).toMatchObject({ name: 'lean', counts: { calls: 1 }, durations: undefined })
    expect(ask.status().policies.map(({ name }) => name)).toEqual(['timeout'])
    expect(policy('lean', stats, limit)).toBe(ask)
    expect(() => policy('lean', statistics(), limit)).toThrow(/already exists/)
  })

  it('counts apart when one named policy is inside another', async () => {
    const inner = policy('inner', timeout(1_000))
    const outer = policy('outer', inner)
    await outer(() => 1)
    await inner(() => 1)

    expect([outer.status().counts.calls, inner.status().counts.calls]).toEqual([1, 2])
    expect(outer.status().policies.map(({ name }) => name)).toEqual(['inner', 'timeout'])
  })

  it('knows what a fallback may answer', () => {
    const ask = policy(
      'typed',
      fallback(() => 'rules' as const),
    )
    const answer = () => ask(() => 1)

    expectTypeOf(answer).returns.toEqualTypeOf<Promise<1 | number | 'rules'>>()
    expectTypeOf(() => policy<string>('typed')).returns.toEqualTypeOf<NamedPolicy<string>>()
  })

  it('refuses what is no policy, and keeps no name for it', () => {
    expect(() => policy('odd', 7 as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(status('policy')).toEqual([])
  })
})

describe('statuses', () => {
  it('tells all that has a name, by kind', () => {
    policy('ai', breaker('gate'))

    expect(statuses()).toMatchObject({ policy: [{ name: 'ai' }], breaker: [{ name: 'gate', is: 'closed' }] })
  })
})

describe('isolate', () => {
  it('isolates what can be, and says whether there was any', () => {
    const gate = breaker('x')
    policy('x', timeout(1))
    policy('y', timeout(1))

    expect([isolate('x'), isolate('y'), isolate('x', 'policy'), isolate('z')]).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(gate.status().is).toBe('isolated')
  })
})
