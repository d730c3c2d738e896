import { describe, expect, it } from 'vitest'
import { families } from './metrics.ts'
import type { Status } from './status.ts'
import { sampleChain, sampleLink, sampleService, sampleStatus } from './testing/index.ts'

/** The samples of a family, as `label=value … number`. */
const samples = (status: Status, family: string): string[] => {
  const found = families(status).find(({ name }) => name === family)
  return (found?.samples ?? []).map((sample) => {
    const labels = Object.entries(sample.labels).map(([name, value]) => `${name}=${value}`)
    return [...labels, 'value' in sample ? sample.value : sample.count].join(' ')
  })
}

describe('families', () => {
  const busy = sampleStatus({
    services: [
      sampleService('kernel', { restarts: 2 }),
      sampleService('ai', { state: { is: 'starting', since: 0 } }),
    ],
    edge: sampleService('edge', { restarts: 1 }),
    chains: [
      sampleChain('default', {
        links: [
          { ...sampleLink('primary/large', 'open'), attempts: 5, failures: { transient: 3, timeout: 1 } },
          { ...sampleLink('primary/small', 'open'), attempts: 5, failures: { transient: 3, timeout: 1 } },
          sampleLink('rules'),
        ],
        counts: {
          requests: 9,
          failed: 1,
          cancelled: 2,
          answered: { 'primary/large': 4, rules: 2 },
          passedOver: { 'primary/large': { transient: 2, open: 1 } },
          seconds: { buckets: [1, 2, ...Array(11).fill(9)], sum: 1.5, count: 9 },
        },
      }),
    ],
  })

  it.each([
    ['holdfast_up', ['0.5']],
    ['holdfast_gateway_in_flight_requests', ['1']],
    ['holdfast_gateway_requests_total', ['chain=default 9']],
    ['holdfast_gateway_answers_total', ['chain=default link=primary/large 4', 'chain=default link=rules 2']],
    ['holdfast_gateway_failures_total', ['chain=default 1']],
    ['holdfast_gateway_cancellations_total', ['chain=default 2']],
    [
      'holdfast_gateway_fallbacks_total',
      [
        'chain=default link=primary/large reason=transient 2',
        'chain=default link=primary/large reason=open 1',
      ],
    ],
    ['holdfast_gateway_request_duration_seconds', ['chain=default 9']],
    ['holdfast_service_ready', ['service=kernel 1', 'service=ai 0']],
    ['holdfast_service_restarts_total', ['service=kernel 2', 'service=ai 0', 'service=edge 1']],
  ])('tells %s', (family, told) => {
    expect(samples(busy, family)).toEqual(told)
  })

  it('counts an upstream once, however many links lead to it', () => {
    expect(samples(busy, 'holdfast_upstream_attempts_total')).toEqual(['upstream=primary 5'])
    expect(samples(busy, 'holdfast_upstream_failures_total')).toEqual([
      'upstream=primary class=transient 3',
      'upstream=primary class=timeout 1',
    ])
  })

  it.each(['closed', 'open', 'half-open', 'isolated'] as const)(
    'shows the one state of a breaker that is %s',
    (is) => {
      const status = sampleStatus({ chains: [sampleChain('default', { links: [sampleLink('a', is)] })] })

      expect(samples(status, 'holdfast_breaker_state').filter((sample) => sample.endsWith(' 1'))).toEqual([
        `breaker=a state=${is} 1`,
      ])
    },
  )

  it('has as many bounds as buckets', () => {
    const family = families(busy).find(({ type }) => type === 'histogram')

    for (const sample of family?.samples ?? [])
      expect('bounds' in sample && sample.bounds).toHaveLength(
        'buckets' in sample ? sample.buckets.length : -1,
      )
    expect(family?.samples).toHaveLength(1)
  })

  it('names the same families when nothing runs', () => {
    const names = (status: Status): string[] => families(status).map(({ name }) => name)

    expect(names(sampleStatus({ chains: undefined }))).toEqual(names(busy))
    expect(new Set(names(busy)).size).toBe(names(busy).length)
  })
})
