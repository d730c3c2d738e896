import { describe, expect, it } from 'vitest'
import { type Component, component, gatewayComponents, type Level } from './component.ts'
import { type Status, statusOf } from './status.ts'
import {
  sampleBreaker,
  sampleChain,
  sampleLink,
  sampleService,
  sampleStatus,
  sampleView,
} from './testing/index.ts'

const found = (status: Status, kind: Component['kind']): Component | undefined =>
  status.components.find((each) => each.kind === kind)

describe('statusOf', () => {
  it('puts together what the governor and the edge know', () => {
    const services = [sampleService('kernel')]
    const chains = [sampleChain('default')]

    const status = sampleStatus({ services, chains })

    expect(status).toMatchObject({
      level: 'healthy',
      version: '0.1.0',
      file: '/srv/holdfast.yaml',
      uptime: 60_000,
      processes: { governor: { pid: 4200 }, edge: { name: 'edge' } },
      services,
      inFlight: 1,
      chains,
    })
    expect(status.components.map(({ kind, name, level }) => `${kind} ${name} ${level}`)).toEqual([
      'edge edge healthy',
      'service kernel healthy',
      'upstream primary healthy',
      'chain default healthy',
    ])
  })

  it('names an upstream once, however many chains ask it', () => {
    const links = [sampleLink('primary/large'), sampleLink('primary/small')]

    const { components } = sampleStatus({
      chains: [sampleChain('a', { links }), sampleChain('b', { links })],
    })

    expect(components.filter(({ kind }) => kind === 'upstream')).toHaveLength(1)
  })

  it('is degraded by a service that is not ready, and says why', () => {
    const state = { is: 'backing-off', since: 0, until: 100 } as const
    const services = [sampleService('kernel', { state, lastError: 'exit code 3' }), sampleService('ai')]

    const status = sampleStatus({ services })

    expect(status.level).toBe('degraded')
    expect(found(status, 'service')).toMatchObject({
      level: 'unhealthy',
      reason: 'backing-off: exit code 3',
    })
  })

  it('is healthy with a service that somebody stopped, and degraded by one that was stopped with its group', () => {
    const state = { is: 'stopped', since: 0 } as const
    const asked = sampleStatus({ services: [sampleService('kernel', { state })] })
    const fallen = sampleStatus({
      services: [sampleService('kernel', { state, lastError: '"ai" was given up' })],
    })

    expect(asked.level).toBe('healthy')
    expect(found(asked, 'service')).toMatchObject({ level: 'healthy', reason: 'stopped' })
    expect(fallen.level).toBe('degraded')
    expect(found(fallen, 'service')).toMatchObject({ reason: 'stopped: "ai" was given up' })
  })

  it('is degraded by a service whose replicas are not all ready', () => {
    const web = sampleService('web', { replicas: { wanted: 3, ready: 2, each: [] } })

    expect(found(sampleStatus({ services: [web] }), 'service')).toMatchObject({
      level: 'degraded',
      reason: '2 of 3 replicas are ready',
    })
  })

  it.each([
    ['ready', "the gateway's process is silent"],
    ['starting', "the gateway's process is starting"],
  ] as const)('is unhealthy without a word from an edge that is %s', (is, reason) => {
    const status = sampleStatus({
      edge: sampleService('edge', { state: { is, since: 0 } }),
      chains: undefined,
    })

    expect(status).toMatchObject({ level: 'unhealthy', chains: [], inFlight: 0 })
    expect(found(status, 'edge')).toMatchObject({ level: 'unhealthy', reason })
  })

  it('is degraded by an edge whose processes are not all ready, or not all heard of, and tells each', () => {
    const each = [1, 2].map((replica) => ({ ...sampleService('edge'), replica, pid: 100 + replica }))
    const edge = (ready: number) => sampleService('edge', { replicas: { wanted: 2, ready, each } })
    const edges = [{ replica: 1, pid: 101, age: 0, inFlight: 1, connections: 1, requests: 3, ailing: [] }]

    const [starting, silent] = [1, 2].map((ready) => sampleStatus({ edge: edge(ready), edges }))

    expect(starting).toMatchObject({ level: 'degraded', processes: { edges } })
    expect(found(starting!, 'edge')).toMatchObject({ reason: '1 of 2 replicas are ready' })
    expect(found(silent!, 'edge')).toMatchObject({ reason: 'replica 2 is silent', level: 'degraded' })
    expect(sampleStatus({ edges }).processes).not.toHaveProperty('edges')
  })

  it('is degraded, not unhealthy, by what ails in one of several processes', () => {
    const knows = (inFlight: number, breaker: 'closed' | 'open') => ({
      gateway: { inFlight, chains: [sampleChain('default', { links: [sampleLink('a', breaker)] })] },
      outside: [],
    })
    const [well, ill] = [knows(1, 'closed'), knows(2, 'open')]

    for (const status of [
      statusOf(sampleView(), [well, ill]),
      statusOf(sampleView(), [ill, well]),
      statusOf(sampleView(), [well], [gatewayComponents(ill.gateway.chains)]),
    ])
      expect([status.level, found(status, 'chain')?.reason]).toEqual([
        'degraded',
        'in 1 of 2 replicas: no link can answer',
      ])
    expect(statusOf(sampleView(), [ill, ill])).toMatchObject({ level: 'unhealthy', inFlight: 4 })
  })

  it('is degraded where a link of a chain that shares its requests out cannot answer, whichever it is', () => {
    const links = [sampleLink('a'), sampleLink('b', 'open')]
    const how = (order: 'cascade' | 'weighted') =>
      found(sampleStatus({ chains: [sampleChain('default', { order, links })] }), 'chain')

    expect(how('cascade')).toMatchObject({ level: 'healthy' })
    expect(how('weighted')).toMatchObject({ level: 'degraded', reason: 'not all of its links can answer' })
  })

  it('is degraded by an upstream that no chain names, and tells it before those that chains ask', () => {
    const orders = component('database', 'orders', { level: 'unhealthy', reason: 'no connection' })

    const status = sampleStatus({ outside: [orders] })

    expect(status.level).toBe('degraded')
    expect(status.components.slice(1, 3)).toEqual([orders, component('upstream', 'primary')])
  })

  it('does not believe the report of an edge that is gone', () => {
    const edge = sampleService('edge', { state: { is: 'backing-off', since: 0, until: 9 } })

    expect(sampleStatus({ edge }).level).toBe('unhealthy')
  })

  it.each<[string, [string, Parameters<typeof sampleBreaker>[1]][], Level, string | undefined]>([
    [
      'all closed',
      [
        ['a', 'closed'],
        ['b', 'closed'],
      ],
      'healthy',
      undefined,
    ],
    [
      'the first open',
      [
        ['a', 'open'],
        ['b', 'closed'],
      ],
      'degraded',
      'its first link is passed over',
    ],
    [
      'the second open',
      [
        ['a', 'closed'],
        ['b', 'open'],
      ],
      'healthy',
      undefined,
    ],
    [
      'all open',
      [
        ['a', 'open'],
        ['b', 'open'],
      ],
      'unhealthy',
      'no link can answer',
    ],
    [
      'all isolated',
      [
        ['a', 'isolated'],
        ['b', 'isolated'],
      ],
      'unhealthy',
      'no link can answer',
    ],
    [
      'all open before rules',
      [
        ['a', 'open'],
        ['rules', 'closed'],
      ],
      'degraded',
      'only rules can answer',
    ],
    [
      'all open before old answers',
      [
        ['a', 'open'],
        ['stale', 'closed'],
      ],
      'degraded',
      'only what it answered before is answered',
    ],
    ['rules alone', [['rules', 'closed']], 'healthy', undefined],
    [
      'one half-open',
      [
        ['a', 'open'],
        ['b', 'half-open'],
      ],
      'degraded',
      'the next request shows whether a link can answer again',
    ],
  ])('knows a chain with %s', (_, links, level, reason) => {
    const chain = sampleChain('default', { links: links.map(([name, is]) => sampleLink(name, is)) })

    expect(found(sampleStatus({ chains: [chain] }), 'chain')).toEqual({
      name: 'default',
      kind: 'chain',
      level,
      ...(reason && { reason }),
      critical: true,
    })
  })

  it('does not call a chain dead whose breaker only waits for somebody to ask', () => {
    const due = { ...sampleLink('a'), breaker: sampleBreaker('a', 'open', 0) }

    const status = sampleStatus({ chains: [sampleChain('default', { links: [due] })] })

    expect(status.level).toBe('degraded')
  })

  it.each([
    ['closed', 'healthy'],
    ['half-open', 'degraded'],
    ['open', 'unhealthy'],
    ['isolated', 'unhealthy'],
  ] as const)('calls an upstream whose breaker is %s %s', (is, level) => {
    const chain = sampleChain('default', { links: [sampleLink('a', is), sampleLink('rules')] })
    const status = sampleStatus({ chains: [chain] })

    expect(found(status, 'upstream')).toMatchObject({ name: 'a', level })
    expect(status.level).toBe(is === 'closed' ? 'healthy' : 'degraded')
  })
})
