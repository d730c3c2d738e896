import { fakeClock, seededRandom } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { processGovernor } from './process-governor.ts'
import type { ServiceSpec } from './service.ts'
import { kept, spec as said, stopKept } from './testing/kept-governor.ts'

const script = (code: string) => [process.execPath, '-e', code]
const stay = 'setInterval(() => {}, 1e6)'
const shell = (code: string) => ['sh', '-c', code]
/** A shell is there ten times as fast as Node. */
const spec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec =>
  said(name, { command: shell('echo up; exec sleep 1000'), ...more })
const withoutReady = ({ ready: _, ...each }: ServiceSpec): ServiceSpec => each
const job = (name: string, code: string): ServiceSpec =>
  withoutReady(spec(name, { command: shell(code), restart: 'never' }))

afterEach(stopKept)

describe('processGovernor', () => {
  it('starts what needs a job when the job is done, and not when it failed', async () => {
    const { g, of, events } = kept([
      job('migrate', 'exit 0'),
      job('broken', 'exit 3'),
      spec('web', { needs: ['migrate'] }),
      spec('other', { needs: ['broken'] }),
    ])

    const { ready, failed } = await g.start()

    expect(ready).toEqual(['migrate', 'web'])
    expect(failed).toEqual([
      { service: 'broken', why: 'exited with code 3' },
      { service: 'other', why: 'waits for "broken", which is not ready' },
    ])
    expect([of('migrate').state.is, of('broken').state.is]).toEqual(['done', 'failed'])
    expect(events.findIndex(({ type }) => type === 'service.done')).toBeLessThan(
      events.findIndex((each) => each.type === 'service.started' && each.service === 'web'),
    )
    await g.start()
    expect(of('migrate').state.is).toBe('done')
    expect(events.filter(({ type }) => type === 'service.done')).toHaveLength(1)
  })

  it('runs before and after, with the environment of the service, and tells why a start failed', async () => {
    const { g, of, lines, event } = kept([
      spec('a', {
        env: { COLOUR: 'red' },
        before: shell('echo before $COLOUR'),
        after: shell('echo after $COLOUR'),
      }),
      spec('b', { before: shell('exit 4') }),
      spec('c', { before: ['sleep', '1000'], hookTimeout: 100 }),
    ])

    const { failed } = await g.start()

    expect(failed).toEqual([
      { service: 'b', why: 'before: exited with code 4' },
      { service: 'c', why: 'before: not done within 100 ms' },
    ])
    process.kill(of('a').pid!, 'SIGKILL')
    await event('service.ready', 2)
    await g.stop()
    const said = lines.filter(({ service }) => service === 'a').map(({ line }) => line)
    expect(said).toEqual([...['before red', 'up', 'after red'], ...['before red', 'up', 'after red']])
  })

  it('restarts what does not answer any more, and says why', async () => {
    let well = true
    const check = async () => {
      if (!well) throw new Error('it hangs')
    }
    const { g, of, event } = kept([
      spec('a', { alive: { probe: check, every: 5, failures: 2 }, stableAfter: 60_000 }),
    ])
    await g.start()
    const { pid } = of('a')

    well = false
    expect(await event('service.ailing')).toMatchObject({ why: 'it hangs' })
    const told = await event('service.restarting')
    well = true
    await event('service.ready', 2)

    expect(told).toMatchObject({ reason: 'unhealthy', why: '2 checks in a row failed: it hangs' })
    expect(of('a').pid).not.toBe(pid)
    expect(of('a').reasons).toEqual({ unhealthy: 1 })
  })

  it('hears a service that tells by its notify descriptor that it is ready, and that it lives', async () => {
    const code = `const { writeSync } = require('node:fs')
      const tell = (word) => writeSync(Number(process.env.NOTIFY_FD), word + '\\n')
      tell('STATUS=loading')
      const beat = setInterval(() => tell('WATCHDOG=1'), 5)
      process.on('SIGUSR2', () => clearInterval(beat))
      tell('READY=1')
      ${stay}`
    const { g, of, event } = kept([
      spec('a', {
        command: script(code),
        ready: { notify: true },
        alive: { probe: { notify: true }, every: 200, failures: 1 },
      }),
    ])
    expect(await g.start()).toEqual({ ready: ['a'], failed: [] })

    process.kill(of('a').pid!, 'SIGUSR2')

    expect(await event('service.restarting')).toMatchObject({ reason: 'unhealthy' })
  })

  it('restarts one for one: others of no group are left alone; one for all: all of a group', async () => {
    const group = { name: 'g', strategy: 'one-for-all' } as const
    const { g, of, event } = kept([spec('a', { group }), spec('b', { group, needs: ['a'] }), spec('c')])
    await g.start()
    const before = ['a', 'b', 'c'].map((name) => of(name).pid)

    process.kill(of('b').pid!, 'SIGKILL')
    await event('service.ready', 5)

    const after = ['a', 'b', 'c'].map((name) => of(name).pid)
    expect(after.map((pid, i) => pid === before[i])).toEqual([false, false, true])
    expect(of('a').reasons).toEqual({ group: 1 })
    expect(of('b').reasons).toEqual({ exit: 1 })
  })

  it('restarts the rest for one: what needs it, directly or not, once it has ended and begun in order', async () => {
    const group = { name: 'g', strategy: 'rest-for-one' } as const
    const { g, of, event, events } = kept([
      spec('db', { group }),
      spec('kernel', { group, needs: ['db'] }),
      spec('ai', { group, needs: ['kernel'] }),
      spec('web', { group, needs: ['ai'] }),
    ])
    await g.start()
    const { pid } = of('db')
    const began = events.length

    process.kill(of('kernel').pid!, 'SIGKILL')
    await event('service.ready', 7)

    const since = events.slice(began)
    const order = (type: string) =>
      since.flatMap((each) => (each.type === type && 'service' in each ? [each.service] : []))
    expect(order('service.exited')).toEqual(['kernel', 'web', 'ai'])
    expect(order('service.ready')).toEqual(['kernel', 'ai', 'web'])
    const firstStart = since.findIndex(({ type }) => type === 'service.started')
    expect(since.findLastIndex(({ type }) => type === 'service.exited')).toBeLessThan(firstStart)
    expect(of('db').pid).toBe(pid)
  })

  it('gives up with its group, and comes back when it is asked', async () => {
    const group = { name: 'g', strategy: 'rest-for-one' } as const
    const giveUp = { restarts: 2, within: 60_000 }
    const { g, of, event, events } = kept([
      spec('a', { group, giveUp }),
      spec('b', { group, needs: ['a'] }),
      spec('lost', { command: ['/no/such/program'], giveUp }),
    ])
    await g.start()

    for (let kill = 1; kill <= 3; kill++) {
      process.kill(of('a').pid!, 'SIGKILL')
      if (kill < 3) await event('service.ready', 2 + 2 * kill)
    }
    await event('service.stopped')
    await event('service.gave-up', 2)

    expect(of('a')).toMatchObject({ restarts: 2, state: { is: 'failed' } })
    expect(of('a').lastError).toBe('2 restarts within 60000 ms did not help: killed by SIGKILL')
    expect(of('b')).toMatchObject({ state: { is: 'stopped' }, lastError: '"a" was given up' })
    expect(of('lost').restarts).toBe(2)
    expect(await g.start('b')).toEqual({ ready: ['b', 'a'], failed: [] })
    expect(events.filter(({ type }) => type === 'service.gave-up')).toHaveLength(2)
  })

  it('restarts what has too much memory, as often as it is looked at', async () => {
    let memory = 2_000
    const { g, of, event } = kept([spec('a', { maxMemory: 1_000 }), spec('b')], {
      weighEvery: 1,
      usage: async (groups) => new Map(groups.map((group) => [group, { memory, cpu: 0 }])),
    })
    void g.start()

    expect(await event('service.restarting')).toMatchObject({ service: 'a', reason: 'memory' })
    memory = 1_000
    expect(await g.start()).toMatchObject({ failed: [] })
    expect(of('b').restarts).toBe(0)
  })

  it('says how services are, and asks one that is named', async () => {
    let well = true
    const check = async () => {
      if (!well) throw new Error('it hangs')
    }
    const { g, of } = kept([spec('a', { alive: { probe: check, every: 60_000 } }), spec('b')])
    await g.start('a')

    well = false

    expect(await g.healthCheck()).toEqual([
      { service: 'a', healthy: true, reason: undefined },
      { service: 'b', healthy: false, reason: 'stopped' },
    ])
    expect(await g.healthCheck('a')).toEqual([{ service: 'a', healthy: false, reason: 'it hangs' }])
    await expect(g.healthCheck('z')).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE' })
    expect(await g.metrics()).toMatchObject([
      { service: 'a', restarts: {}, usage: { memory: expect.any(Number) } },
      { service: 'b', uptime: 0, usage: undefined },
    ])
    expect(of('a').restarts).toBe(0)
  })

  it('does not wait for a check that hangs', async () => {
    const clock = fakeClock()
    const { g } = kept([withoutReady(spec('a', { alive: { probe: () => new Promise(() => {}) } }))], {
      clock,
    })
    await g.start()
    const asked = g.healthCheck('a')

    await clock.advance(40)

    expect(await asked).toEqual([{ service: 'a', healthy: true, reason: undefined }])
  })

  describe('apply', () => {
    it('changes one of twenty services and leaves the pids of nineteen', async () => {
      const twenty = Array.from({ length: 20 }, (_, i) =>
        withoutReady(spec(`s${i}`, { command: ['sleep', '1000'], ...(i > 0 && { needs: [`s${i - 1}`] }) })),
      )
      const { g } = kept(twenty)
      await g.start()
      const pids = () => g.status().map(({ pid }) => pid)
      const before = pids()

      const result = await g.apply(
        twenty.map((each, i) => (i === 7 ? { ...each, env: { A: 'b' } } : { ...each })),
      )

      expect(result).toMatchObject({ added: [], removed: [], replaced: ['s7'], failed: [] })
      expect(pids().flatMap((pid, i) => (pid === before[i] ? [] : [i]))).toEqual([7])
      expect(pids()[7]).toBeGreaterThan(0)
    })

    it('adds, removes and orders anew, and leaves what was stopped as it is', async () => {
      const { g, events } = kept([spec('a'), spec('b', { needs: ['a'] }), spec('c')])
      await g.start()
      await g.stop('c')

      const result = await g.apply([spec('d', { needs: ['a'] }), spec('c', { stopGrace: 7 }), spec('a')])

      expect(result).toMatchObject({ added: ['d'], removed: ['b'], replaced: ['c'], kept: ['a'] })
      expect(g.status().map(({ name, state }) => `${name} ${state.is}`)).toEqual([
        'd ready',
        'c stopped',
        'a ready',
      ])
      expect(events).toContainEqual({ type: 'service.stopped', service: 'b' })
      await expect(g.stop('b')).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE' })
    })

    it('refuses what cannot be, and changes nothing then', async () => {
      const { g } = kept([spec('a')])
      await g.start()
      const [{ pid } = { pid: 0 }] = g.status()

      await expect(g.apply([spec('a', { needs: ['x'] })])).rejects.toMatchObject({ code: 'UNKNOWN_NEED' })
      const groups = ['one-for-all', 'rest-for-one'] as const
      const torn = groups.map((strategy, i) => spec(`s${i}`, { group: { name: 'g', strategy } }))
      await expect(g.apply(torn)).rejects.toMatchObject({ code: 'BAD_SERVICE' })
      expect(g.status()).toMatchObject([{ name: 'a', pid }])
    })

    it('is overtaken by a stop, and overtakes one', async () => {
      const { g } = kept([spec('a')])
      await g.start()

      const applied = g.apply([spec('a', { stopGrace: 50 }), spec('b')])
      await Promise.resolve()
      await g.stop()
      await applied
      expect(g.status().map(({ state }) => state.is)).toEqual(['stopped', 'stopped'])

      const results = await Promise.all([g.apply([spec('b', { stopGrace: 9 })]), g.apply([spec('c')])])
      expect(results[1]).toMatchObject({ added: ['c'], removed: ['b'], ready: ['c'] })
    })
  })

  it('restarts exactly as the policy says when thirty services crash at once', async () => {
    const clock = fakeClock()
    const crashing = Array.from({ length: 30 }, (_, i) => ({
      name: `s${i}`,
      command: ['/no/such/program'],
      backoff: { initial: 100, max: 1_000 },
      giveUp: { restarts: 3, within: 60_000 },
    }))
    await using g = processGovernor({ services: crashing, clock, random: seededRandom(7) })
    const delays: number[] = []
    let gaveUp = 0
    const over = new Promise<void>((resolve) => {
      g.on((event) => {
        if (event.type === 'service.restarting') delays.push(event.delay / (100 * 2 ** (event.attempt - 1)))
        if (event.type === 'service.gave-up' && ++gaveUp === 30) resolve()
      })
    })
    void g.start()
    let done = false
    void over.then(() => {
      done = true
    })
    while (!done) await clock.advance(10)

    expect(delays).toHaveLength(90)
    expect(delays.every((share) => share >= 0 && share < 1)).toBe(true)
    expect(new Set(g.status().map(({ restarts }) => restarts))).toEqual(new Set([3]))
  })
})
