import type { ChainStatus } from '@holdfast/gateway'
import { fakeClock } from '@holdfast/policy/testing'
import type { CheckAnswer } from '@holdfast/telemetry/health'
import { describe, expect, it } from 'vitest'
import { gatewayComponents, type Kind } from './component.ts'
import { edgeHealth, type OtherReplicas } from './edge-health.ts'
import type { Heard } from './governor-watch.ts'
import { sampleChain, sampleLink, sampleService, sampleStatus, sampleView } from './testing/index.ts'

const never = () => new Promise<never>(() => {})
const services = [sampleService('kernel'), sampleService('ai', { state: { is: 'starting', since: 0 } })]
const view = sampleView({ services })
const dead = (name: string): ChainStatus => sampleChain(name, { links: [sampleLink(name, 'open')] })

interface Facts {
  heard: () => Promise<Heard>
  chains: readonly ChainStatus[]
  lag: { readonly worst: number; readonly least: number }
  outside: readonly { readonly name: string; readonly kind: Kind; readonly seen: CheckAnswer }[]
  others: OtherReplicas
}

/** The health of an edge about which so much is known, and these facts, which may change. */
function known(but: Partial<Facts> = {}) {
  const facts: Facts = {
    heard: async () => ({ view, age: 400, roundTrip: 2 }),
    chains: [sampleChain('default')],
    lag: { worst: 3, least: 0 },
    outside: [],
    others: { ails: undefined, ailing: [] },
    ...but,
  }
  const clock = fakeClock()
  const health = edgeHealth({
    services: ['kernel', 'ai'],
    governor: { heard: () => facts.heard(), close: () => {} },
    gateway: () => ({ inFlight: 0, chains: facts.chains }),
    outside: {
      parts: facts.outside.map(({ name, kind }) => ({ name, kind })),
      seen: (wanted) => facts.outside.find(({ name }) => name === wanted)!.seen,
    },
    lag: { latest: () => facts.lag, close: () => {} },
    others: () => facts.others,
    clock,
  })
  return { health, facts, clock }
}

describe('edgeHealth', () => {
  it('tells each part, how well it is, and how long ago that was known', async () => {
    const { status, components } = await known().health.report()

    expect(status).toBe('degraded')
    expect(components).toEqual([
      {
        name: 'edge',
        kind: 'edge',
        level: 'healthy',
        critical: true,
        took: 0,
        age: 0,
        details: { worst: 3, least: 0 },
      },
      {
        name: 'governor',
        kind: 'governor',
        level: 'healthy',
        critical: false,
        took: 0,
        age: 400,
        details: { roundTrip: 2 },
      },
      { name: 'kernel', kind: 'service', level: 'healthy', critical: false, took: 0, age: 400 },
      {
        name: 'ai',
        kind: 'service',
        level: 'unhealthy',
        reason: 'starting',
        critical: false,
        took: 0,
        age: 400,
      },
      { name: 'primary', kind: 'upstream', level: 'healthy', critical: false, took: 0, age: 0 },
      { name: 'default', kind: 'chain', level: 'healthy', critical: true, took: 0, age: 0 },
    ])
  })

  it.each([
    ['well', [sampleChain('default')]],
    [
      'passed over',
      [sampleChain('default', { links: [sampleLink('primary', 'open'), sampleLink('rules')] })],
    ],
    ['dead', [dead('primary')]],
    ['one dead, one well', [dead('a'), sampleChain('b')]],
  ])('says the same as the status of services, upstreams and chains: %s', async (_, chains) => {
    const { health } = known({ chains })
    const whole = sampleStatus({ services, chains })

    const { status, components } = await health.report()

    const [, ...told] = whole.components
    expect(status).toBe(whole.level)
    expect(components.slice(2)).toMatchObject(told)
  })

  it('tells what is now, not what was when it was made', async () => {
    const { health, facts } = known()
    expect((await health.ready()).ok).toBe(true)

    facts.chains = [sampleChain('default', { links: [sampleLink('primary', 'open')] })]

    expect(await health.ready()).toEqual({ ok: false, reasons: ['chain default: no link can answer'] })
    expect((await health.report()).status).toBe('unhealthy')
  })

  it('is degraded, and ready, when the governor is silent, and tells the services as they were', async () => {
    const { health } = known({ heard: async () => ({ view, age: 4_200, roundTrip: 2 }) })

    const { status, components } = await health.report()

    expect(status).toBe('degraded')
    expect(components[1]).toMatchObject({
      level: 'unhealthy',
      reason: 'it has not answered for 4 s: services are told as they were then',
      age: 4_200,
    })
    expect(components[2]).toMatchObject({ name: 'kernel', level: 'healthy', age: 4_200 })
    expect((await health.ready()).ok).toBe(true)
  })

  it.each([
    ['unhealthy', 'degraded'],
    ['degraded', 'degraded'],
    ['healthy', 'healthy'],
    ['unknown', 'healthy'],
  ] as const)('is ready whatever a database is, and with one that is %s it is %s', async (is, whole) => {
    const seen = { status: is, reason: 'so it is', age: 300, details: { for: 2_000 } }
    const { health } = known({
      heard: async () => ({
        view: sampleView({ services: [sampleService('kernel'), sampleService('ai')] }),
        age: 1,
        roundTrip: 1,
      }),
      outside: [{ name: 'orders', kind: 'database', seen }],
    })

    const { status, components } = await health.report()

    expect(status).toBe(whole)
    expect(components.find(({ kind }) => kind === 'database')).toEqual({
      ...{ name: 'orders', kind: 'database', level: is, reason: 'so it is', critical: false },
      ...{ took: 0, age: 300, details: { for: 2_000 } },
    })
    expect((await health.ready()).ok).toBe(true)
  })

  it('waits 40 ms, and no longer, for a governor that has never said a word', async () => {
    const { health, clock } = known({ heard: never })

    const report = health.report()
    await clock.advance(40)

    expect((await report).components.slice(0, 3)).toMatchObject([
      { name: 'edge', level: 'healthy' },
      { name: 'governor', level: 'unhealthy', reason: 'governor: no answer within 40 ms', took: 40 },
      { name: 'kernel', level: 'unhealthy', reason: 'service kernel: no answer within 40 ms', took: 40 },
    ])
    expect((await health.ready()).ok).toBe(true)
  })

  it('knows a service that the governor does not', async () => {
    const { health } = known({ heard: async () => ({ view: sampleView(), age: 1, roundTrip: 1 }) })

    expect((await health.report()).components[2]).toMatchObject({
      level: 'unhealthy',
      reason: 'the governor does not know it',
    })
  })

  it.each([
    [{ worst: 249, least: 0 }, 'healthy', true],
    [{ worst: 250, least: 0 }, 'degraded', true],
    [{ worst: 9_000, least: 999 }, 'degraded', true],
    [{ worst: 9_000, least: 1_000 }, 'unhealthy', false],
  ])('calls an edge whose loop is late by %j %s', async (lag, level, ok) => {
    const { health } = known({ lag })

    const { components } = await health.report()

    expect(components[0]).toMatchObject({ kind: 'edge', level })
    expect([(await health.live()).ok, (await health.ready()).ok]).toEqual([ok, ok])
    if (!ok)
      expect(await health.live()).toEqual({
        ok,
        reasons: ['edge: its event loop was late by 9000 ms in the last 10 s, and never in time'],
      })
  })

  it('tells the services that there are now, once it has been told so', async () => {
    const { health } = known()

    health.govern(['ai', 'new'])
    const { components } = await health.report()

    expect(components.filter(({ kind }) => kind === 'service')).toMatchObject([
      { name: 'ai', reason: 'starting' },
      { name: 'new', reason: 'the governor does not know it' },
    ])
  })

  it('lives whatever becomes of what it depends on', async () => {
    const { health } = known({ heard: never, chains: [dead('default')] })

    expect(await health.live()).toEqual({ ok: true, reasons: [] })
  })

  it.each<[string, ChainStatus[], string[]]>([
    ['there is no chain', [], []],
    ['one of two chains can answer', [dead('a'), sampleChain('b')], []],
    [
      'no chain can answer',
      [dead('a'), dead('b')],
      ['chain a: no link can answer', 'chain b: no link can answer'],
    ],
  ])('knows whether it is ready when %s', async (_, chains, reasons) => {
    expect(await known({ chains }).health.ready()).toEqual({ ok: reasons.length === 0, reasons })
  })

  it('is never ready again once it drains, and lives', async () => {
    const { health } = known()
    health.drain()

    expect(await health.ready()).toEqual({ ok: false, reasons: ['the gateway is stopping'] })
    expect((await health.live()).ok).toBe(true)
  })

  it('keeps a service and an upstream of one name apart', async () => {
    const { health } = known({
      chains: [sampleChain('kernel', { links: [sampleLink('kernel', 'open'), sampleLink('rules')] })],
    })

    const { components } = await health.report()

    const named = components.filter(({ name }) => name === 'kernel')
    expect(named.map(({ kind, level }) => `${kind} ${level}`)).toEqual([
      'service healthy',
      'upstream unhealthy',
      'chain degraded',
    ])
  })

  it('is degraded by what ails in another process of the edge, and ready while one can answer', async () => {
    const { health, facts } = known()
    facts.others = { ails: 'replica 2 is silent', ailing: [gatewayComponents([dead('default')])] }

    const { status, components } = await health.report()

    expect(status).toBe('degraded')
    const told = components.filter(({ critical }) => critical)
    expect(told.map(({ level, reason }) => `${level}: ${reason}`)).toEqual([
      'degraded: replica 2 is silent',
      'degraded: in 1 of 2 replicas: no link can answer',
    ])
    expect((await health.ready()).ok).toBe(true)
    facts.chains = [dead('default')]
    expect((await health.ready()).ok).toBe(false)
  })

  it('answers a thousand at once alike', async () => {
    const { health } = known()

    const reports = await Promise.all(Array.from({ length: 1_000 }, () => health.report()))

    expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1)
  })
})
