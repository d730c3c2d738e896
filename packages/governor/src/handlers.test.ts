import { afterEach, describe, expect, it } from 'vitest'
import type { ServiceSpec } from './service.ts'
import { kept, spec as said, stopKept } from './testing/kept-governor.ts'

const shell = (code: string) => ['sh', '-c', code]
const spec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec =>
  said(name, { command: shell('echo up; exec sleep 1000'), ...more })

afterEach(stopKept)

describe('addHandler', () => {
  it('starts one more with what it needs, and leaves the others alone', async () => {
    const { g, of } = kept([spec('a'), spec('b')])
    await g.start('a')
    const { pid } = of('a')

    expect(await g.addHandler(spec('c', { needs: ['b'] }))).toEqual({ ready: ['c', 'b'], failed: [] })

    expect(g.status().map(({ name, state }) => `${name} ${state.is}`)).toEqual([
      'a ready',
      'b ready',
      'c ready',
    ])
    expect(of('a').pid).toBe(pid)
  })

  it('refuses a name that is taken, and what cannot be', async () => {
    const { g } = kept([spec('a')])

    await expect(g.addHandler(spec('a'))).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    await expect(g.addHandler(spec('b', { needs: ['z'] }))).rejects.toMatchObject({ code: 'UNKNOWN_NEED' })
    const twice = await Promise.allSettled([g.addHandler(spec('c')), g.addHandler(spec('c'))])
    expect(twice.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(g.status().map(({ name }) => name)).toEqual(['a', 'c'])
  })

  it('does not wait for another that is slow', async () => {
    const { g, event } = kept([])
    const slow = g.addHandler(spec('slow', { ready: { line: 'never' } }))
    await event('service.started')

    expect(await g.addHandler(spec('quick'))).toEqual({ ready: ['quick'], failed: [] })
    await g.removeHandler('slow')
    expect(await slow).toMatchObject({ ready: [], failed: [{ service: 'slow' }] })
  })
})

describe('addHandler, when all are stopped meanwhile,', () => {
  it('adds and does not start (I4 of changing)', async () => {
    const { g } = kept([spec('a')])
    await g.start()

    const added = g.addHandler(spec('b'))
    await g.stop()

    expect(await added).toMatchObject({ ready: [], failed: [{ service: 'b' }] })
    expect(g.status().map(({ state }) => state.is)).toEqual(['stopped', 'stopped'])
  })
})

describe('removeHandler', () => {
  it('resolves when nothing of it is left, and the name is free again', async () => {
    const last = `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done`
    const { g, lines, of } = kept([spec('a', { command: shell(last), stopGrace: 4_000 })])
    await g.start()
    const { pid } = of('a')

    await g.removeHandler('a')

    expect(lines.map(({ line }) => line)).toContain('bye')
    expect(() => process.kill(-pid!, 0)).toThrow('ESRCH')
    expect(g.status()).toEqual([])
    expect(await g.addHandler(spec('a'))).toEqual({ ready: ['a'], failed: [] })
    expect(of('a')).toMatchObject({ restarts: 0 })
  })

  it('refuses what is needed, and what is not there', async () => {
    const { g } = kept([spec('a'), spec('b', { needs: ['a'] })])
    await g.start()

    await expect(g.removeHandler('a')).rejects.toMatchObject({ code: 'STILL_NEEDED' })
    await expect(g.removeHandler('z')).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE' })
    await Promise.all([g.removeHandler('b'), g.removeHandler('a')])
    expect(g.status()).toEqual([])
  })

  it('wins over a start that comes meanwhile, and over a crash', async () => {
    const { g, of } = kept([spec('a'), spec('b')])
    await g.start()

    process.kill(of('b').pid!, 'SIGKILL')
    const removed = Promise.all([g.removeHandler('a'), g.removeHandler('b')])
    const started = g.start('a')
    await removed

    expect(await started).toMatchObject({ ready: [] })
    expect(g.status()).toEqual([])
  })

  it('and addHandler keep order with apply', async () => {
    const { g } = kept([spec('a')])
    await g.start()

    await Promise.all([
      g.addHandler(spec('b')),
      g.removeHandler('a'),
      g.apply([spec('c')]),
      g.addHandler(spec('d')),
    ])

    expect(g.status().map(({ name, state }) => `${name} ${state.is}`)).toEqual(['c ready', 'd ready'])
  })
})
