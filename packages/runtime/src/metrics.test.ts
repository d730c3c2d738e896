import { describe, expect, it } from 'vitest'
import type { ProcessPolicies } from './announced.ts'
import { component } from './component.ts'
import { families } from './metrics.ts'
import type { Status } from './status.ts'
import { sampleBreaker, sampleChain, sampleLink, sampleService, sampleStatus } from './testing/index.ts'

/** The samples of a family, as `label=value … number`. */
const samples = (status: Status, family: string, processes: readonly ProcessPolicies[] = []): string[] => {
  const found = [...families(status, processes)].find(({ name }) => name === family)
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
    outside: [component('database', 'orders', { level: 'degraded', reason: 'only reads' })],
    chains: [
      sampleChain('default', {
        links: [
          { ...sampleLink('primary/large', 'open'), attempts: 5, failures: { transient: 3, timeout: 1 } },
          { ...sampleLink('primary/small', 'open'), attempts: 5, failures: { transient: 3, timeout: 1 } },
          sampleLink('rules'),
        ],
      }),
    ],
  })

  it.each([
    ['holdfast_up', ['0.5']],
    ['holdfast_upstream_up', ['upstream=orders 0.5', 'upstream=primary 0']],
    ['holdfast_service_ready', ['service=kernel 1', 'service=ai 0']],
    ['holdfast_service_restarts_total', ['service=kernel 2', 'service=ai 0', 'service=edge 1']],
  ])('tells %s', (family, told) => {
    expect(samples(busy, family)).toEqual(told)
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

  it('tells an upstream that has several links once', () => {
    expect(samples(busy, 'holdfast_breaker_state').filter((sample) => sample.endsWith(' 1'))).toEqual([
      'breaker=primary state=open 1',
    ])
  })

  it('tells the policies of all processes, with the service and pid of each', () => {
    const ai = {
      service: 'ai',
      pid: 7,
      kinds: { breaker: [sampleBreaker('jira', 'open')], bulkhead: [{ name: 'db', inFlight: 3 }] },
      omitted: 2,
    }
    const own = { pid: 8, kinds: { breaker: [sampleBreaker('jira', 'closed')] }, omitted: 0 }
    const silent = { service: 'mail', pid: 9 }
    const processes = [ai, own, silent]

    expect(
      samples(sampleStatus({ chains: [] }), 'holdfast_breaker_state', processes).filter((each) =>
        / 1$/.test(each),
      ),
    ).toEqual(['breaker=jira service=ai pid=7 state=open 1', 'breaker=jira pid=8 state=closed 1'])
    expect(samples(busy, 'holdfast_bulkhead_in_flight', processes)).toEqual([
      'bulkhead=db service=ai pid=7 3',
    ])
    expect(samples(busy, 'holdfast_process_answering', processes)).toEqual([
      'service=ai pid=7 1',
      'pid=8 1',
      'service=mail pid=9 0',
    ])
    expect(samples(busy, 'holdfast_process_omitted_policies', processes)).toEqual([
      'service=ai pid=7 2',
      'pid=8 0',
    ])
  })

  it('tells an upstream’s breaker once, if the edge tells it itself', () => {
    const edge = {
      service: 'edge',
      pid: 5,
      kinds: { breaker: [sampleBreaker('primary', 'open')] },
      omitted: 0,
    }
    const other = { ...edge, service: 'ai', pid: 6 }
    const open = (...processes: ProcessPolicies[]) =>
      samples(busy, 'holdfast_breaker_state', processes).filter((each) => / 1$/.test(each))

    expect(open(edge)).toEqual(['breaker=primary service=edge pid=5 state=open 1'])
    expect(open(other)).toEqual([
      'breaker=primary state=open 1',
      'breaker=primary service=ai pid=6 state=open 1',
    ])
  })

  it('tells a process that announced itself twice once, as it did last', () => {
    const first = { pid: 7, kinds: { breaker: [sampleBreaker('jira', 'open')] }, omitted: 0 }
    const last = { ...first, service: 'ai' }

    expect(samples(sampleStatus({ chains: [] }), 'holdfast_breaker_probes_total', [first, last])).toEqual([
      'breaker=jira service=ai pid=7 0',
    ])
  })

  it('names the same families when nothing runs', () => {
    const names = (status: Status): string[] => [...families(status)].map(({ name }) => name)

    expect(names(sampleStatus({ chains: undefined }))).toEqual(names(busy))
    expect(new Set(names(busy)).size).toBe(names(busy).length)
  })
})
