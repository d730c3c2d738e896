import {
  breaker,
  budget,
  bulkhead,
  cache,
  chaos,
  coalesce,
  concurrencyLimit,
  fallback,
  hedge,
  inFlight,
  policy,
  rateLimit,
  retryTokens,
  statuses,
  wrap,
} from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import type { Family } from '../exposition.ts'
import { type PolicyStatuses, policyFamilies, policyFamiliesOf } from './policy-families.ts'

/** The samples of each family, as `label=value … number`. */
const told = (families: Iterable<Family>): Record<string, string[]> =>
  Object.fromEntries(
    [...families].map(({ name, samples }) => [
      name,
      samples.map((sample) =>
        [
          ...Object.entries(sample.labels).map(([label, value]) => `${label}=${value}`),
          'value' in sample ? sample.value : NaN,
        ].join(' '),
      ),
    ]),
  )
const circuit = (is: string, failures = 0) => ({
  is,
  window: { calls: 4, failures },
  counts: { successes: 3, failures, ignored: 1, rejected: 2, probes: 1 },
})
const many = (count: number): PolicyStatuses =>
  ({
    breaker: Array.from({ length: count }, (_, at) => ({ name: `b${at}`, ...circuit('closed') })),
  }) as never

describe('policyFamilies', () => {
  it('tells what calls did', async () => {
    const call = policy('told', { breaker: {} })
    await call(async () => 1)
    await call(() => Promise.reject(new Error('no'))).catch(() => undefined)

    const families = told(policyFamilies(statuses()))

    const of = (name: string) => families[`holdfast_${name}`]?.filter((each) => each.includes('=told'))
    expect(of('policy_calls_total')).toEqual([
      'policy=told outcome=success 1',
      'policy=told outcome=failure 1',
      'policy=told outcome=rejected 0',
      'policy=told outcome=aborted 0',
    ])
    expect(of('policy_in_flight')).toEqual(['policy=told 0'])
    expect(of('policy_duration_seconds')).toHaveLength(4)
  })

  it('reads every kind as it tells itself', async () => {
    const call = wrap(
      fallback('kinds', { links: [{ name: 'rules', do: () => 'rules' }] }),
      coalesce('kinds'),
      cache('kinds', { ttl: 1_000 }),
      breaker('kinds'),
      rateLimit('kinds', { limit: 10, per: 60_000 }),
      concurrencyLimit('kinds', { initial: 7 }),
      bulkhead('kinds', { limit: 3 }),
      hedge('kinds', { delay: 60_000, budget: budget('kinds') }),
      chaos('kinds', { rate: 1 }),
    )
    budget('flight', { family: inFlight() })
    budget('tokens', { family: retryTokens() })
    await call(async () => 1, { key: 'x' })

    const families = told(policyFamilies(statuses()))

    const of = (name: string) => families[`holdfast_${name}`]?.filter((each) => each.includes('=kinds'))
    expect(of('rate_limit_available')).toEqual(['rate_limit=kinds 9'])
    expect(of('rate_limit_period_seconds')).toEqual(['rate_limit=kinds 60'])
    expect(of('concurrency_limit_calls')).toEqual(['concurrency_limit=kinds 7'])
    expect(of('bulkhead_limit')).toEqual(['bulkhead=kinds 3'])
    expect(of('bulkhead_rejected_total')).toEqual([
      'bulkhead=kinds reason=full 0',
      'bulkhead=kinds reason=waited 0',
      'bulkhead=kinds reason=outranked 0',
    ])
    expect(of('hedge_delay_seconds')).toEqual(['hedge=kinds 60'])
    expect(of('breaker_calls_total')).toContain('breaker=kinds outcome=failure 1')
    expect(of('budget_window_calls')).toEqual(['budget=kinds 1'])
    expect(families['holdfast_budget_calls_total']).toEqual(['budget=flight 0', 'budget=tokens 0'])
    expect(of('cache_requests_total')).toContain('cache=kinds result=miss 1')
    expect(of('coalesce_calls_total')).toEqual(['coalesce=kinds 1'])
    expect(of('fallback_answers_total')).toEqual([
      'fallback=kinds link=work 0',
      'fallback=kinds link=rules 1',
    ])
    expect(of('chaos_state')).toContain('chaos=kinds state=on 1')
    expect(of('hedge_attempts_total')).toEqual(['hedge=kinds 1'])
    expect(of('chaos_injected_total')).toEqual(['chaos=kinds 2'])
    const silent = Object.entries(families).filter(([, samples]) => samples.length === 0)
    expect(silent.map(([name]) => name)).toEqual([
      'holdfast_concurrency_limit_latency_seconds',
      'holdfast_concurrency_limit_baseline_seconds',
      'holdfast_metrics_dropped_series',
    ])
  })

  it('takes durations as seconds, and each quantile by its number', () => {
    const status = {
      name: 'ask',
      counts: { successes: 1, failures: 0, rejected: 0, aborted: 0, inFlight: 0 },
      durations: { p50: 20, p90: 100, p99: 1_500, max: 2_000 },
    }

    const { holdfast_policy_duration_seconds: durations } = told(
      policyFamilies({ policy: [status] } as never),
    )

    expect(durations?.toSorted()).toEqual([
      'policy=ask quantile=0.5 0.02',
      'policy=ask quantile=0.9 0.1',
      'policy=ask quantile=0.99 1.5',
      'policy=ask quantile=1 2',
    ])
  })

  it('tells how long answers take behind a limit that finds itself, once that is known', () => {
    const known = { name: 'known', latency: 30, baseline: 20, rejected: {} }
    const fresh = { name: 'fresh', latency: undefined, baseline: null, rejected: {} }

    const families = told(policyFamilies({ concurrencyLimit: [known, fresh] } as never))

    expect(families['holdfast_concurrency_limit_latency_seconds']).toEqual(['concurrency_limit=known 0.03'])
    expect(families['holdfast_concurrency_limit_baseline_seconds']).toEqual(['concurrency_limit=known 0.02'])
  })

  it.each([
    [{ family: 'expiring', retries: 3, hedges: 2, allowed: 10 }, 0.5],
    [{ family: 'expiring', retries: 3, hedges: 2, allowed: 4 }, 1],
    [{ family: 'expiring', retries: 0, hedges: 0, allowed: 0 }, 0],
    [{ family: 'in-flight', extra: 1, allowed: 4 }, 0.25],
    [{ family: 'tokens', tokens: 10, maxTokens: 10, allowed: 4 }, 0],
    [{ family: 'tokens', tokens: 7.5, maxTokens: 10, allowed: 2 }, 0.5],
    [{ family: 'tokens', tokens: 1, maxTokens: 10, allowed: 0 }, 1],
  ])('says how much of a budget is used: %j is %d', (usage, share) => {
    const families = told(policyFamilies({ budget: [{ name: 'ai', ...usage }] } as never))

    expect(families['holdfast_budget_used_ratio']).toEqual([`budget=ai ${share}`])
  })

  it('counts the answers of a cache so that no count ever falls', () => {
    const status = { name: 'x', hits: 5, staleHits: 2, misses: 4, errorsAnswered: 3 }

    const families = told(policyFamilies({ cache: [status] } as never))

    expect(families['holdfast_cache_requests_total']).toEqual([
      'cache=x result=hit 5',
      'cache=x result=stale 2',
      'cache=x result=miss 4',
    ])
    expect(families['holdfast_cache_errors_answered_total']).toEqual(['cache=x 3'])
  })

  it('shows the keys of a breaker only if it is asked to', () => {
    const keyed = { breaker: [{ name: 'b', ...circuit('closed'), keys: [{ key: 'k', ...circuit('open') }] }] }
    const states = (keys: boolean) =>
      told(policyFamilies(keyed as never, { keys }))['holdfast_breaker_state']?.filter((each) =>
        / 1$/.test(each),
      )

    expect(states(false)).toEqual(['breaker=b state=closed 1'])
    expect(states(true)).toEqual(['breaker=b state=closed 1', 'breaker=b key=k state=open 1'])
  })

  it('has so many series in a family and no more, whole things first, and counts those left out', () => {
    const families = told(policyFamilies(many(300)))

    expect(families['holdfast_breaker_state']).toHaveLength(996)
    expect(families['holdfast_breaker_calls_total']).toHaveLength(1_000)
    expect(families['holdfast_metrics_dropped_series']).toEqual([
      'family=holdfast_breaker_state 804',
      'family=holdfast_breaker_calls_total 200',
    ])
    expect(told(policyFamilies(many(2), { most: 7 }))['holdfast_breaker_state']).toHaveLength(6)
  })

  it('tells always the same families, and each of them once', () => {
    const names = Object.keys(told(policyFamilies({})))

    expect(names).toEqual(Object.keys(told(policyFamilies(many(3)))))
    expect([...policyFamilies({})]).toHaveLength(names.length)
    for (const { name, type, help } of policyFamilies({})) {
      expect(name).toMatch(/^holdfast_[a-z_]+$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      expect(help).toMatch(/^[A-Z].+\.$/)
    }
  })

  it('makes a family only when it is asked for', () => {
    let read = 0
    const status = {
      name: 'lazy',
      get counts() {
        read++
        return { successes: 1 }
      },
    }

    const [first] = policyFamilies({ policy: [status] } as never)

    expect(first?.name).toBe('holdfast_policy_calls_total')
    expect(read).toBe(1)
  })
})

describe('policyFamiliesOf', () => {
  it('puts the policies of all processes into one family, with the labels of each', () => {
    const one = { labels: { service: 'ai', pid: '7' }, kinds: many(1) }
    const two = { labels: { service: 'ai', pid: '8' }, kinds: many(1) }

    const { holdfast_breaker_probes_total: probes } = told(policyFamiliesOf([one, two]))

    expect(probes).toEqual(['breaker=b0 service=ai pid=7 1', 'breaker=b0 service=ai pid=8 1'])
  })

  it('leaves out what is not what it should be, and counts it', () => {
    const strange = {
      breaker: [null, { name: 'old', keys: [null] }, { name: 'b', ...circuit('closed') }],
      budget: 'none',
    }

    const families = told(policyFamiliesOf([{ labels: {}, kinds: strange as never }], { keys: true }))

    expect(families['holdfast_breaker_probes_total']).toEqual(['breaker=b 1'])
    expect(families['holdfast_metrics_dropped_series']).toContain('family=holdfast_breaker_probes_total 3')
    expect(families['holdfast_budget_allowed']).toEqual([])
  })

  it('leaves out what is no number, as JSON makes it of one that is not finite', () => {
    const status = {
      name: 'x',
      links: [
        { name: 'a', tried: null },
        { name: 'b', tried: 2 },
      ],
    }

    const families = told(policyFamiliesOf([{ labels: {}, kinds: { fallback: [status] } as never }]))

    expect(families['holdfast_fallback_tried_total']).toEqual(['fallback=x link=b 2'])
    expect(families['holdfast_metrics_dropped_series']).toEqual([])
  })
})
