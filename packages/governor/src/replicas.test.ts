import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { holdListener } from './held-listener.ts'
import type { ServiceSpec } from './service.ts'
import { kept, quick, spec, stopKept } from './testing/kept-governor.ts'
import { load } from './testing/load.ts'
import { type ServerBehaviour, serverCommand } from './testing/server-command.ts'

afterEach(stopKept)

/** A governor of one service of real servers on a held socket. */
const serving = async (more: Partial<ServiceSpec> = {}, behaviour: ServerBehaviour = {}) => {
  const held = await holdListener({ host: '127.0.0.1', port: 0 })
  onTestFinished(held.close)
  const web = (but: Partial<ServiceSpec> = {}, as: ServerBehaviour = behaviour): ServiceSpec => ({
    name: 'web',
    command: serverCommand(as),
    listen: [held],
    ready: { notify: true },
    ...quick,
    stopGrace: 10_000,
    ...more,
    ...but,
  })
  const governed = kept([web()])
  expect(await governed.g.start()).toEqual({ ready: ['web'], failed: [] })
  const pids = () => {
    const { pid, replicas } = governed.of('web')
    return replicas ? replicas.each.map((each) => each.pid!) : [pid!]
  }
  const under = (keepAlive: boolean) => {
    const loaded = load(held.port, keepAlive)
    onTestFinished(loaded.abandon)
    return loaded
  }
  return { ...governed, held, web, pids, under }
}

describe('replicas', () => {
  it('share a socket, and each has its number', async () => {
    const { of, pids, under, events } = await serving({ replicas: 3 })
    const loaded = under(false)
    await loaded.more(60)
    await loaded.end()

    expect(loaded.errors).toEqual([])
    expect(of('web')).toMatchObject({ state: { is: 'ready' }, replicas: { wanted: 3, ready: 3 } })
    expect(of('web').replicas?.each.map(({ replica }) => replica)).toEqual([1, 2, 3])
    for (const answer of loaded.answers) {
      const [pid, replica] = answer.split(' ').map(Number)
      expect(pids()[replica! - 1]).toBe(pid)
    }
    const numbers = events.flatMap((event) => (event.type === 'service.ready' ? [event.replica] : []))
    expect(numbers.toSorted()).toEqual([1, 2, 3])
  })

  it('fall and come back one by one', async () => {
    const { of, pids, event, g } = await serving({ replicas: 2 })
    const [first, second] = pids()

    process.kill(second!, 'SIGKILL')
    await event('service.restarting')
    expect(of('web').state.is).toBe('ready')
    expect((await g.healthCheck())[0]).toMatchObject({
      healthy: false,
      reason: expect.stringMatching(/^replica 2: /),
    })
    await event('service.ready', 3)

    expect(pids()[0]).toBe(first)
    expect(pids()[1]).not.toBe(second)
    expect(of('web')).toMatchObject({ restarts: 1, reasons: { exit: 1 } })
  })

  it('become more and fewer, and those that stay are not touched', async () => {
    const { g, of, pids, web, events } = await serving()
    const [first] = pids()

    expect(await g.scale('web', 3)).toEqual({ ready: ['web'], failed: [] })
    expect(pids()).toHaveLength(3)
    expect(pids()[0]).toBe(first)
    const [, second] = pids()
    expect(await g.scale('web', 2)).toEqual({ ready: ['web'], failed: [] })
    expect(pids()).toEqual([first, second])
    expect(await g.apply([web({ replicas: 1 })])).toMatchObject({ kept: ['web'], replaced: [] })
    // A number that is not another than before overrules nothing.
    expect(pids()).toEqual([first, second])
    expect(await g.apply([web({ replicas: 3 })])).toMatchObject({ kept: ['web'], ready: ['web'] })
    expect(await g.apply([web({ replicas: 1 })])).toMatchObject({ kept: ['web'], ready: ['web'] })

    expect(pids()).toEqual([first])
    expect(of('web').replicas).toBeUndefined()
    const ends = events.flatMap((event) => (event.type === 'service.stopped' ? [event.replica] : []))
    expect(ends.toSorted()).toEqual([2, 3, 3])
    await expect(g.scale('web', 0)).rejects.toMatchObject({ code: 'BAD_SERVICE' })
    await expect(g.scale('wob', 2)).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE' })
  })

  it('are as many as they shall be when they are started later', async () => {
    const { g, pids } = await serving()
    await g.stop('web')

    expect(await g.scale('web', 2)).toEqual({ ready: [], failed: [] })
    expect(await g.start('web')).toEqual({ ready: ['web'], failed: [] })
    expect(pids().every(Number.isInteger)).toBe(true)
    expect(pids()).toHaveLength(2)
  })

  it('are enough for what needs them when as many as said are ready', async () => {
    const one = (name: string, more: Partial<ServiceSpec>) =>
      spec(name, { command: ['sh', '-c', '[ $HOLDFAST_REPLICA = 1 ] && echo up; exec sleep 100'], ...more })
    const { g, event, of } = kept([
      one('few', { replicas: 2 }),
      one('all', { replicas: 2, enough: 2 }),
      spec('a', { needs: ['few'] }),
      spec('b', { needs: ['all'] }),
    ])
    void g.start()
    await event('service.ready', 3)

    expect(['few', 'all', 'a', 'b'].map((name) => of(name).state.is)).toEqual([
      'ready',
      'starting',
      'ready',
      'waiting',
    ])
  })
})

describe('restart', () => {
  it.each([
    [1, true],
    [1, false],
    [3, true],
    [3, false],
  ])(
    'drops no request of %i replicas under load, on connections that are kept: %s',
    async (replicas, keepAlive) => {
      const { g, pids, under } = await serving({ replicas })
      const before = pids()
      const loaded = under(keepAlive)
      await loaded.more(20)

      expect(await g.restart('web')).toEqual({ ready: ['web'], failed: [] })
      await loaded.more(20)
      await loaded.end()

      expect(loaded.errors).toEqual([])
      expect(pids()).toHaveLength(replicas)
      expect(pids().filter((pid) => before.includes(pid))).toEqual([])
      expect(new Set(loaded.answers.map((answer) => answer.split(' ')[0])).size).toBeGreaterThan(1)
    },
  )

  it('leaves what runs alone when the new one does not become ready, and says so', async () => {
    const { g, of, pids, web, under } = await serving({ replicas: 2, startTimeout: 5_000 })
    const before = pids()
    const loaded = under(true)

    const { failed } = await g.apply([web({}, { version: 'broken', exit: 3 })])
    expect(failed).toEqual([
      {
        service: 'web',
        why: 'its replacement is not ready, and what ran before goes on: exited with code 3 before it was ready',
      },
    ])
    await loaded.more(20)
    expect(pids()).toEqual(before)
    expect(of('web').replicas).toMatchObject({ wanted: 2, ready: 2 })

    // Asked for again, it is tried again; and what is well replaces it.
    expect((await g.apply([web({}, { version: 'broken', exit: 3 })])).failed).toHaveLength(1)
    expect(await g.apply([web({}, { version: 'next' })])).toMatchObject({ ready: ['web'], failed: [] })
    await loaded.more(20)
    await loaded.end()

    expect(loaded.errors).toEqual([])
    expect(loaded.answers.at(-1)).toMatch(/ next$/)
    expect(pids().filter((pid) => before.includes(pid))).toEqual([])
  })

  it('is over when the service is stopped meanwhile, and leaves nothing', async () => {
    const { g, of, event, pids, web } = await serving()
    const rolling = g.apply([web({}, { silent: true })])
    await event('service.started', 2)

    await g.stop()

    expect((await rolling).failed).toHaveLength(1)
    expect(pids()).toEqual([undefined])
    expect(of('web')).toMatchObject({ state: { is: 'stopped' } })
  })

  it('follows another one', async () => {
    const { g, pids, events } = await serving({ replicas: 2 })

    expect(await Promise.all([g.restart('web'), g.restart('web')])).toEqual([
      { ready: ['web'], failed: [] },
      { ready: ['web'], failed: [] },
    ])

    expect(pids()).toHaveLength(2)
    expect(events.filter(({ type }) => type === 'service.ready')).toHaveLength(6)
  })
})

describe('a spare', () => {
  it('takes the place of the one that is killed, and another one is booted', async () => {
    const { of, pids, event, events } = await serving({ spare: 1 })
    const { pid: spare } = await event('spare.started')

    process.kill(of('web').pid!, 'SIGKILL')
    await event('service.ready', 2)
    expect(of('web')).toMatchObject({ pid: spare, restarts: 1, lastExit: { signal: 'SIGKILL' } })
    const { pid: next } = await event('spare.started', 2)

    expect(pids().toSorted()).toEqual([spare, next].toSorted())
    expect(events.filter(({ type }) => type === 'service.exited')).toHaveLength(1)
    expect(events.filter(({ type }) => type === 'spare.failed')).toEqual([])
  })

  it('is none when it does not wait, and that is told', async () => {
    const { event, of } = await serving({ spare: 1 }, { impatient: true })

    expect((await event('spare.failed')).why).toMatch(/HOLDFAST_SPARE_FD/)
    expect(of('web').state.is).toBe('ready')
  })

  it('refuses nobody while what serves is killed twenty times', async () => {
    const { of, event, under } = await serving({ spare: 1, replicas: 2 })
    const loaded = under(false)
    for (let kill = 1; kill <= 20; kill++) {
      await event('spare.started', kill)
      process.kill(of('web').pid!, 'SIGKILL')
      await event('service.ready', kill + 2)
    }
    await loaded.end()

    // What was in hand when it was killed is lost; nobody is turned away.
    expect(loaded.errors).not.toContain('ECONNREFUSED')
    expect(of('web')).toMatchObject({ restarts: 20 })
  })

  it('is there no more when the service is stopped, and again when it is ready again', async () => {
    const { g, event, of } = await serving({ spare: 1 })
    await g.addHandler(spec('api', { needs: ['web'] }))
    await event('spare.started')
    await g.stop()
    expect(of('web').replicas).toBeUndefined()

    void g.start('web')
    await event('spare.started', 2)
    expect(of('web').replicas).toMatchObject({ wanted: 1, ready: 1 })
  })

  it('is replaced with the others', async () => {
    const { g, event, web, under, of } = await serving({ spare: 1 })
    await event('spare.started')

    expect(await g.apply([web({}, { version: 'next' })])).toMatchObject({ ready: ['web'], failed: [] })
    const { pid } = await event('spare.started', 2)
    process.kill(of('web').pid!, 'SIGKILL')
    await event('service.ready', 3)
    const loaded = under(false)
    await loaded.more(1)
    await loaded.end()

    expect(loaded.answers[0]).toBe(`${pid} 1 next`)
  })
})
