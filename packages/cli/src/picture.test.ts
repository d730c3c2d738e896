import type { Status } from '@holdfast/runtime'
import { sampleChain, sampleLink, sampleService, sampleStatus } from '@holdfast/runtime/testing'
import { describe, expect, it } from 'vitest'
import { paint, widthOf } from './paint.ts'
import { picture } from './picture.ts'

const plain = (status: Status, columns = 80): string[] => picture(status, paint(false), columns)

const counts = sampleChain('').counts
const busy = sampleStatus({
  services: [
    sampleService('kernel', { restarts: 1 }),
    sampleService('ai', { state: { is: 'backing-off', since: 0, until: 1 }, pid: undefined, restarts: 3 }),
    sampleService('db', { state: { is: 'failed', since: 0, why: 'no' }, pid: undefined }),
  ],
  chains: [
    sampleChain('default', {
      links: [
        sampleLink('primary/large', 'open'),
        sampleLink('secondary', 'half-open'),
        sampleLink('spare', 'isolated'),
        sampleLink('rules'),
      ],
      counts: { ...counts, requests: 12, failed: 1, answered: { 'primary/large': 7, rules: 4 } },
      lastAnsweredBy: 'rules',
    }),
  ],
})

describe('picture', () => {
  it('shows services, the links of each chain with their breakers, and requests', () => {
    expect(plain(busy)).toEqual([
      'holdfast ◐ degraded  1 in flight',
      'gateway http://127.0.0.1:4700/v1 · control http://127.0.0.1:4701',
      '',
      '  kernel         ● ready       pid 4242 · 1 restart',
      '  ai             ◐ backing-off 3 restarts',
      '  db             ○ failed      no',
      '  edge           ● ready       pid 4242',
      '',
      'chain default  12 requests · 1 failed',
      '  primary/large  ○ open        7 answered · probe in 3 s',
      '  secondary      ◐ half-open   0 answered',
      '  spare          ○ isolated    0 answered',
      '  rules          – always      4 answered · ← answered last',
    ])
  })

  it('shows the processes of a service that is several', () => {
    const process = (replica: number | undefined, pid?: number) => ({
      ...sampleService('web', pid === undefined ? { state: { is: 'starting', since: 0 } } : {}),
      replica,
      pid,
    })
    const shown = (spare?: number) => {
      const each = [process(1, 11), process(2), process(undefined, spare)]
      const web = sampleService('web', { replicas: { wanted: 2, ready: 1, each } })
      return plain(sampleStatus({ services: [web] }), 100)
    }

    expect(shown(13)).toContainEqual(
      expect.stringMatching(/^ {2}web .* 1 of 2 ready \(1: 11, starting 2: –, spare 13\)$/),
    )
    expect(shown()).toContainEqual(expect.stringContaining(', no spare)'))
  })

  it('shows each process of an edge that is several', () => {
    const each = [1, 2].map((replica) => ({ ...sampleService('edge'), replica, pid: 10 + replica }))
    const edge = sampleService('edge', { replicas: { wanted: 2, ready: 2, each } })
    const said = { age: 0, inFlight: 0, connections: 5, ailing: [] }
    const ailing = sampleStatus({ chains: [sampleChain('c', { links: [sampleLink('primary', 'open')] })] })
    const edges = [
      { ...said, replica: 1, pid: 11, requests: 7, inFlight: 2 },
      { ...said, replica: 2, pid: 12, requests: 1, ailing: ailing.components.slice(1) },
    ]

    expect(plain(sampleStatus({ edge, edges, chains: [] }), 120).slice(3)).toEqual([
      '  edge    ● ready       2 of 2 ready (1: 11, 2: 12)',
      '  edge.1  ● answers     pid 11 · 7 requests · 2 in flight · 5 connections',
      '  edge.2  ◐ answers     pid 12 · 1 request · 0 in flight · 5 connections · ailing: upstream primary, chain c',
    ])
  })

  it('says what the order of a chain goes by', () => {
    const links = [
      { ...sampleLink('one'), weight: 3, inFlight: 2, firstToken: 412 },
      { ...sampleLink('two'), inFlight: 0 },
      sampleLink('stale'),
    ]
    const shown = (order: 'weighted' | 'least-loaded' | 'cheapest' | 'fastest') =>
      plain(sampleStatus({ services: [], chains: [sampleChain('default', { order, links })] })).slice(-4)

    expect(shown('weighted')).toEqual([
      'chain default  weighted  0 requests',
      '  one    ● closed      0 answered · weight 3',
      '  two    ● closed      0 answered',
      '  stale  – if kept     0 answered',
    ])
    expect(shown('least-loaded')[1]).toBe('  one    ● closed      0 answered · 2 in flight')
    expect(shown('fastest')[1]).toBe('  one    ● closed      0 answered · 412 ms to begin')
    expect(shown('cheapest')[1]).toBe('  one    ● closed      0 answered')
  })

  it('says it in the singular', () => {
    const chain = sampleChain('default', { counts: { ...counts, requests: 1 } })

    expect(plain(sampleStatus({ chains: [chain] }))).toContain('chain default  1 request')
  })

  it('says so when the next request finds out whether an upstream is back', () => {
    const link = sampleLink('primary', 'open')
    const due = { ...link, breaker: { ...link.breaker!, retryAfter: 0 } }

    expect(plain(sampleStatus({ chains: [sampleChain('default', { links: [due] })] })).at(-1)).toBe(
      '  primary  ○ open        0 answered · probe on next request',
    )
  })

  it('shows the edge when there is nothing else', () => {
    expect(plain(sampleStatus({ chains: undefined }))).toEqual([
      'holdfast ○ unhealthy  0 in flight',
      expect.stringContaining('4700'),
      '',
      '  edge  ● ready       pid 4242',
    ])
  })

  it.each([20, 40, 60, 79, 80, 120])('is never wider than %i columns, in colour or without', (columns) => {
    const long = sampleStatus({
      services: [sampleService('a-service-with-a-name-that-goes-on-and-on'.repeat(2))],
      chains: busy.chains,
    })

    for (const colours of [true, false])
      for (const status of [busy, long])
        for (const line of picture(status, paint(colours), columns))
          expect(widthOf(line)).toBeLessThanOrEqual(columns)
  })

  it('shortens long names, so that the state stays in sight', () => {
    const name = 'a-service-with-a-name-that-goes-on-and-on'

    const lines = plain(sampleStatus({ services: [sampleService(name)], chains: [] }), 50)

    expect(lines[3]).toBe('  a-service…  ● ready       pid 4242')
    expect(lines[1]).toBe('gateway http://127.0.0.1:4700/v1 · control http:/…')
  })

  it('says in colour what it says without', () => {
    const coloured = picture(busy, paint(true), 80)

    expect(coloured.join('\n')).toMatch(/\x1b\[33m◐ degraded\x1b\[39m/)
    expect(coloured.map((line) => line.replace(/\x1b\[\d+m/g, '').trimEnd())).toEqual(plain(busy))
  })

  it('ends every colour it cuts through', () => {
    for (const line of picture(busy, paint(true), 22)) {
      const codes = [...line.matchAll(/\x1b\[(\d+)m/g)].map(([, code]) => Number(code))
      expect(codes.filter((code) => code === 22 || code === 39)).toHaveLength(codes.length / 2)
    }
  })
})
