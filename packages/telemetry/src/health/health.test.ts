import { systemClock } from '@holdfast/policy'
import { withContext } from '@holdfast/policy/context'
import { fakeClock } from '@holdfast/policy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CheckOptions, ComponentStatus } from './check.ts'
import { health, overall } from './health.ts'

const never = () => new Promise<never>(() => {})
const refuse = () => {
  throw new Error('connect to postgres://app:hunter2@db failed')
}

describe('health', () => {
  it('is healthy when nothing is checked', async () => {
    const registry = health()

    expect(await registry.report()).toEqual({ status: 'healthy', components: [] })
    expect(await registry.live()).toEqual({ ok: true, reasons: [] })
    expect(await registry.ready()).toEqual({ ok: true, reasons: [] })
  })

  it.each([
    ['nothing', () => {}, { status: 'healthy' }],
    ['true', async () => true, { status: 'healthy' }],
    [
      'details',
      () => ({ details: { open: 3, token: 'q' } }),
      { status: 'healthy', details: { open: 3, token: '[redacted]' } },
    ],
    ['false', () => false, { status: 'unhealthy', reason: 'the check said no' }],
    ['degraded', () => ({ status: 'degraded', reason: 'slow' }), { status: 'degraded', reason: 'slow' }],
    [
      'that it cannot tell',
      () => ({ status: 'unknown', reason: 'no driver' }),
      { status: 'unknown', reason: 'no driver' },
    ],
    ['a throw', refuse, { status: 'unhealthy', reason: 'connect to postgres://app:[redacted]@db failed' }],
    [
      'a rejection',
      async () => refuse(),
      { status: 'unhealthy', reason: expect.stringContaining('[redacted]') },
    ],
    [
      'a text thrown',
      () => Promise.reject('password=x'),
      { status: 'unhealthy', reason: 'password=[redacted]' },
    ],
    [
      'a code',
      () => Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' })),
      { reason: 'ECONNREFUSED' },
    ],
    ['nothing thrown', () => Promise.reject(undefined), { reason: 'it failed without a reason' }],
    [
      'an odd status',
      () => ({ status: 'fine' }),
      { status: 'unhealthy', reason: 'the check answered with the status "fine"' },
    ],
    [
      'an answer that cannot be read',
      () => ({
        get status(): string {
          throw new Error('no')
        },
      }),
      { status: 'unhealthy', reason: 'no' },
    ],
  ])('tells a check that answers with %s', async (_, check, expected) => {
    const registry = health({ clock: fakeClock() })
    registry.add('db', check)

    const { components } = await registry.report()

    expect(components).toMatchObject([{ name: 'db', critical: true, took: 0, age: 0, ...expected }])
  })

  it('makes all checks side by side, and cannot be hung by one (I1)', async () => {
    const clock = fakeClock()
    const registry = health({ clock })
    const signals: AbortSignal[] = []
    registry.add('hung', ({ signal }) => {
      signals.push(signal)
      return never()
    })
    registry.add('hung too', never, { timeout: 500, critical: false })
    registry.add('fine', () => true)

    const report = registry.report()
    await clock.advance(2_000)

    expect(await report).toEqual({
      status: 'unhealthy',
      components: [
        {
          name: 'hung',
          status: 'unhealthy',
          reason: 'hung: no answer within 2000 ms',
          critical: true,
          took: 2_000,
          age: 0,
        },
        {
          ...{ name: 'hung too', status: 'unhealthy', reason: 'hung too: no answer within 500 ms' },
          ...{ critical: false, took: 500, age: 0 },
        },
        { name: 'fine', status: 'healthy', critical: true, took: 0, age: 0 },
      ],
    })
    expect(signals[0]?.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('asks once for all who ask at once, and keeps the answer for a while, a bad one included', async () => {
    const clock = fakeClock()
    const registry = health({ clock })
    let asked = 0
    registry.add('db', () => ++asked % 2 === 0)

    await Promise.all(Array.from({ length: 1_000 }, () => registry.report()))
    await clock.advance(900)
    const kept = await registry.report()
    await clock.advance(200)
    const anew = await registry.report()

    expect(asked).toBe(2)
    expect(kept.components[0]).toMatchObject({ status: 'unhealthy', age: 900 })
    expect(anew.components[0]).toMatchObject({ status: 'healthy', age: 0 })
  })

  it('asks every time without a cache, but still once at a time', async () => {
    const registry = health({ clock: fakeClock() })
    let asked = 0
    registry.add('db', async () => void asked++, { cache: 0 })

    await Promise.all([registry.report(), registry.report()])
    await registry.report()

    expect(asked).toBe(2)
  })

  it('begins no fourth run of a check that does not come back, and asks again once one has', async () => {
    const clock = fakeClock()
    const registry = health({ clock })
    const release: (() => void)[] = []
    registry.add('hung', () => new Promise<void>((resolve) => release.push(resolve)), {
      timeout: 10,
      cache: 0,
    })
    const ask = async () => {
      const report = registry.report()
      await clock.advance(10)
      return (await report).components[0]
    }

    for (let n = 0; n < 3; n++) await ask()
    const fourth = await ask()
    release[0]!()
    await clock.advance(0)
    await ask()

    expect(fourth).toMatchObject({
      status: 'unhealthy',
      reason: '3 earlier checks have not come back',
      took: 0,
    })
    expect(release).toHaveLength(4)
  })

  it('keeps liveness from what a restart would not heal (I2)', async () => {
    const registry = health({ clock: fakeClock() })
    registry.add('db', refuse)
    registry.add('cache', refuse, { critical: false })
    registry.add('hung', never)
    registry.add('loop', () => true, { live: true })

    expect(await registry.live()).toEqual({ ok: true, reasons: [] })
    registry.add('heap', () => ({ status: 'unhealthy', reason: 'full' }), { live: true })
    expect(await registry.live()).toEqual({ ok: false, reasons: ['heap: full'] })
  })

  it('is ready unless something critical is unhealthy', async () => {
    const registry = health({ clock: fakeClock() })
    const remove = registry.add('db', () => ({ status: 'unhealthy' }))
    registry.add('cache', refuse, { critical: false })
    registry.add('slow', () => ({ status: 'degraded' }))

    expect(await registry.ready()).toEqual({ ok: false, reasons: ['db: unhealthy'] })
    remove()
    remove()
    expect(await registry.ready()).toEqual({ ok: true, reasons: [] })
    expect((await registry.report()).status).toBe('degraded')
  })

  it('is ready as long as one of those that stand in for each other is not unhealthy', async () => {
    const registry = health({ clock: fakeClock() })
    registry.add('a', () => ({ status: 'unhealthy', reason: 'gone' }), { oneOf: 'chains' })
    registry.add('b', () => ({ status: 'degraded' }), { oneOf: 'chains' })
    registry.add('spare', () => true, { oneOf: 'chains', critical: false })

    expect(await registry.ready()).toEqual({ ok: true, reasons: [] })
    expect((await registry.report()).status).toBe('unhealthy')
    registry.add('c', () => false, { oneOf: 'others' })
    expect(await registry.ready()).toEqual({ ok: false, reasons: ['c: the check said no'] })
  })

  it('is not ready when all that stand in for each other are unhealthy', async () => {
    const registry = health({ clock: fakeClock() })
    registry.add('a', () => ({ status: 'unhealthy', reason: 'gone' }), { oneOf: 'chains' })
    registry.add('b', () => false, { oneOf: 'chains' })
    registry.add('spare', () => true, { oneOf: 'chains', critical: false })

    expect(await registry.ready()).toEqual({ ok: false, reasons: ['a: gone', 'b: the check said no'] })
  })

  it('adds to the age of an answer how old its knowledge was', async () => {
    const clock = fakeClock()
    const registry = health({ clock })
    registry.add('db', () => ({ status: 'healthy', age: 300 }))
    registry.add('odd', () => ({ age: -1 }))
    registry.add('odder', () => ({ age: 'old' }))

    await registry.report()
    await clock.advance(200)

    expect((await registry.report()).components.map(({ age }) => age)).toEqual([500, 200, 200])
  })

  it('is never ready again once it drains, not even for who is already asking (I3)', async () => {
    const registry = health({ clock: fakeClock() })
    registry.add('db', () => true)

    const asked = registry.ready()
    registry.drain('stopping')
    registry.drain()

    expect([await asked, await registry.ready()]).toEqual([
      { ok: false, reasons: ['stopping'] },
      { ok: false, reasons: ['stopping'] },
    ])
    expect((await registry.live()).ok).toBe(true)
  })

  it('answers who has no time left, and spoils nothing for the others', async () => {
    const registry = health()
    registry.add('db', () => true)

    const late = await withContext({ deadline: systemClock.now() - 1 }, () => registry.report())
    const other = await registry.report()

    expect(late).toMatchObject({
      status: 'unhealthy',
      components: [{ reason: expect.stringMatching(/^not known: .*deadline/) }],
    })
    expect(other.status).toBe('healthy')
  })

  it('refuses names and options that make no sense', () => {
    const registry = health()
    registry.add('db', () => true)
    const add = (name: unknown, options: object = {}, check: unknown = () => true) =>
      registry.add(name as string, check as () => boolean, options as CheckOptions)

    expect(() => add('db')).toThrow('not there yet')
    expect(() => add('')).toThrow('health.add: name')
    expect(() => add('x', {}, 'no')).toThrow('health.add: check')
    expect(() => add('x', { timeout: 0 })).toThrow('health.add.timeout')
    expect(() => add('x', { cache: -1 })).toThrow('health.add.cache')
    expect(() => add('x', { critical: 1 })).toThrow('health.add.critical')
    expect(() => add('x', { live: 1 })).toThrow('health.add.live')
    expect(() => add('x', { oneOf: 1 })).toThrow('health.add.oneOf')
    expect(() => add('x', { timeOut: 1 })).toThrow('health.add.timeOut')
  })
})

describe('overall', () => {
  it('is never better than what matters, and never worse than the worst', () => {
    const status = fc.constantFrom<ComponentStatus[]>('healthy', 'degraded', 'unhealthy', 'unknown')
    const property = fc.property(fc.array(fc.record({ status, critical: fc.boolean() })), (components) => {
      const all = overall(components)
      const worst = components.filter(({ critical }) => critical).some((one) => one.status === 'unhealthy')

      expect(all === 'unhealthy').toBe(worst)
      const known = components.filter((one) => one.status !== 'unknown')
      expect(all === 'healthy').toBe(known.every((one) => one.status === 'healthy'))
    })

    fc.assert(property, { seed: 1, numRuns: 200 })
  })
})
