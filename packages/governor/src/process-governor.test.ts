import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type FakeClock, fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { GovernorEvent } from './governor-event.ts'
import { addressFree, holdListener } from './held-listener.ts'
import { claimState } from './process/claimed-state.ts'
import { processGovernor } from './process-governor.ts'
import { signalGroup } from './process-group.ts'
import { childCommand } from './testing/child-command.ts'
import { folder } from './testing/folder.ts'
import { kept, quick, spec, stopKept } from './testing/kept-governor.ts'

/** Whether a process runs; one that is dead and waits for init to collect it does not. */
const lives = (pid: number) => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}
/** A command that leaves a writer outside its group, which says `late` when the command is gone, and then does `next`. */
const escaping = (next: string) => {
  const writer = `console.log('up')
    const timer = setInterval(() => {
      if (process.ppid === Number(process.argv[1])) return
      console.log('late')
      clearInterval(timer)
    }, 5)`
  const leader = `const { once } = require('node:events')
    const { spawn } = require('node:child_process')
    const writer = spawn(process.execPath, ['-e', ${JSON.stringify(writer)}, String(process.pid)], {
      detached: true, stdio: ['ignore', 1, 'ignore'],
    })
    once(writer, 'spawn').then(() => { ${next} })`
  return ['node', '-e', leader]
}
/** Lets time pass until something has happened. */
const passing = async (clock: FakeClock, happening: Promise<unknown>) => {
  let over = false
  void happening.then(() => {
    over = true
  })
  // No faster than the real one, by which processes die: a kill has 5 s to take effect.
  while (!over) await Promise.all([clock.advance(1), setTimeout(1)])
}
const types = (events: readonly GovernorEvent[], ...wanted: GovernorEvent['type'][]) =>
  events.flatMap((event) =>
    wanted.includes(event.type) && 'service' in event ? [`${event.service} ${event.type.slice(8)}`] : [],
  )

afterEach(stopKept)

describe('processGovernor', () => {
  it('starts in order of need and stops in reverse (I2)', async () => {
    const { g, events } = kept([
      spec('web', { needs: ['ai'] }),
      spec('ai', { needs: ['kernel'] }),
      spec('kernel'),
    ])

    expect(await g.start()).toEqual({ ready: ['web', 'ai', 'kernel'], failed: [] })
    await g.stop()

    expect(types(events, 'service.started', 'service.ready')).toEqual(
      ['kernel', 'ai', 'web'].flatMap((name) => [`${name} started`, `${name} ready`]),
    )
    expect(types(events, 'service.stopped')).toEqual(['web stopped', 'ai stopped', 'kernel stopped'])
  })

  it('brings back what is killed, as another process', async () => {
    const { g, of, event } = kept([spec('a')])
    await g.start()
    const { pid } = of('a')

    process.kill(pid!, 'SIGKILL')
    await event('service.ready', 2)

    expect(await event('service.exited')).toMatchObject({ code: null, signal: 'SIGKILL' })
    expect(of('a')).toMatchObject({ state: { is: 'ready' }, restarts: 1, lastExit: { signal: 'SIGKILL' } })
    expect(of('a').pid).not.toBe(pid)
  })

  it('leaves dependants alone when a need dies', async () => {
    const { g, of, event } = kept([spec('ai', { needs: ['kernel'] }), spec('kernel')])
    await g.start()
    const { pid } = of('ai')

    process.kill(of('kernel').pid!, 'SIGKILL')
    await event('service.ready', 3)

    expect(of('ai')).toMatchObject({ pid, restarts: 0 })
  })

  it('says which failed and why, and keeps trying', async () => {
    const { g, event } = kept([
      spec('good'),
      spec('lost', { command: ['/no/such/program'] }),
      spec('brief', { command: childCommand({ exit: 3 }) }),
      spec('nowhere', { cwd: '/no/such/folder' }),
      spec('after', { needs: ['lost'] }),
    ])

    expect(await g.start()).toEqual({
      ready: ['good'],
      failed: [
        { service: 'lost', why: 'cannot start "/no/such/program": no such program (ENOENT)' },
        { service: 'brief', why: 'exited with code 3 before it was ready' },
        { service: 'nowhere', why: expect.stringContaining('the folder "/no/such/folder" does not exist') },
        { service: 'after', why: 'waits for "lost", which is not ready' },
      ],
    })
    await event('service.restarting', 9)
  })

  it('says that a program may not be executed', async () => {
    const { g } = kept([spec('a', { command: ['/etc/passwd'] })])

    expect((await g.start()).failed[0]?.why).toMatch(/EACCES/)
  })

  it('kills a start that is late, with its whole group, and tries again', async () => {
    const clock = fakeClock()
    const slow = spec('slow', {
      command: childCommand({ grandchild: true, ignoreTerm: true }),
      ready: { line: 'never' },
    })
    const { g, line, event } = kept([slow], { clock })
    const starting = g.start()
    const [, grandchild] = await line(/grandchild (\d+)/)

    await clock.advance(30_000)
    await passing(clock, event('service.started', 2))

    expect(await starting).toEqual({
      ready: [],
      failed: [{ service: 'slow', why: 'not ready within 30000 ms' }],
    })
    expect(lives(Number(grandchild))).toBe(false)
    await passing(clock, g.stop())
  })

  it('kills what ignores SIGTERM, once the grace is over', async () => {
    const { g, line, of } = kept([
      spec('a', { command: childCommand({ ignoreTerm: true, say: ['up'] }), ready: { line: 'up' } }),
    ])
    await g.start()
    const { pid } = of('a')

    await g.stop()

    expect(of('a')).toMatchObject({
      state: { is: 'stopped' },
      pid: undefined,
      lastExit: { signal: 'SIGKILL' },
    })
    expect(await line(/ignored SIGTERM/)).toBeTruthy()
    expect(signalGroup(pid!, 0)).toBe(false)
  })

  it.each(['crash', 'stop'])('leaves no grandchild behind after a %s', async (end) => {
    const { g, line, of, event } = kept([
      spec('a', { command: childCommand({ grandchild: true }), ready: { line: 'grandchild' } }),
    ])
    await g.start()
    const [, grandchild] = await line(/grandchild (\d+)/)
    expect(lives(Number(grandchild))).toBe(true)

    if (end === 'stop') await g.stop()
    else {
      process.kill(of('a').pid!, 'SIGKILL')
      await event('service.restarting')
    }

    expect(lives(Number(grandchild))).toBe(false)
  })

  it('stops what is starting, and the start says so', async () => {
    const { g, of, event } = kept([spec('a', { ready: { line: 'never' } }), spec('b', { needs: ['a'] })])
    const starting = g.start()
    await event('service.started')

    await g.stop()

    expect(await starting).toEqual({
      ready: [],
      failed: ['a', 'b'].map((service) => ({ service, why: 'stopped before it was ready' })),
    })
    expect(of('a').state.is).toBe('stopped')
  })

  it('stops what backs off, and it stays stopped', async () => {
    const { g, of, events } = kept([
      spec('a', { command: ['/no/such/program'], backoff: { initial: 60_000, max: 60_000 } }),
    ])
    await g.start()
    expect(of('a').state.is).toBe('backing-off')

    await g.stop()

    expect(of('a').state.is).toBe('stopped')
    expect(types(events, 'service.stopped')).toEqual(['a stopped'])
  })

  it('shares one promise between stops at once, and is done at once when stopped', async () => {
    const { g } = kept([spec('a')])
    await g.start()

    expect(g.stop()).toBe(g.stop())
    await g.stop()
    await g.stop()
  })

  it('lets the last call win (I4)', async () => {
    const { g, of } = kept([spec('a')])
    await g.start()

    void g.stop()
    const started = g.start()
    expect(await started).toEqual({ ready: ['a'], failed: [] })
    void g.start()
    await g.stop()

    expect(of('a').state.is).toBe('stopped')
  })

  it('leaves no process behind after 20 rapid cycles', async () => {
    const { g, events, of } = kept([
      spec('a'),
      spec('b', {
        needs: ['a'],
        command: childCommand({ ignoreTerm: true, say: ['up'] }),
        stopGrace: 10,
      }),
    ])

    for (let i = 0; i < 20; i++) {
      const started = g.start()
      if (i % 5 === 4) await started
      for (let turn = 0; turn < i; turn++) await new Promise(setImmediate)
      await g.stop()
      expect([of('a').state.is, of('b').state.is]).toEqual(['stopped', 'stopped'])
    }

    const pids = events.flatMap((event) => (event.type === 'service.started' ? [event.pid] : []))
    expect(pids.length).toBeGreaterThan(10)
    expect(pids.filter((pid) => signalGroup(pid, 0))).toEqual([])
  })

  it('starts one service with all that it needs, stops only one, and restarts it', async () => {
    const { g, of } = kept([spec('web', { needs: ['ai'] }), spec('ai'), spec('other')])

    expect(await g.start('web')).toEqual({ ready: ['web', 'ai'], failed: [] })
    expect(of('other').state.is).toBe('stopped')
    await g.stop('ai')
    expect([of('ai').state.is, of('web').state.is]).toEqual(['stopped', 'ready'])
    const { pid } = of('web')
    expect(await g.restart('web')).toEqual({ ready: ['web', 'ai'], failed: [] })
    expect(of('web').pid).not.toBe(pid)
    expect(of('web').restarts).toBe(0)
  })

  it('refuses what cannot be', async () => {
    const { g } = kept([spec('a')])

    await expect(g.start('b')).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE' })
    await expect(g.stop('b')).rejects.toThrow('name one of: a')
    expect(() => processGovernor({ services: [spec('a'), spec('a')] })).toThrow('two services are named "a"')
    expect(() => processGovernor({ services: [spec('a', { needs: ['a'] })] })).toThrow('a → a')
  })

  it('hands over every line, and the last ones before stop resolves', async () => {
    const code = `process.on('SIGTERM', () => { console.error('bye'); process.stdout.write('end'); process.exit() })
      console.log('up'); setInterval(() => {}, 1e6)`
    const { g, lines } = kept([spec('a', { command: ['node', '-e', code] })])
    await g.start()

    await g.stop()

    expect(lines).toContainEqual(expect.objectContaining({ service: 'a', stream: 'stderr', line: 'bye' }))
    expect(lines).toContainEqual(expect.objectContaining({ service: 'a', stream: 'stdout', line: 'end' }))
  })

  it('takes no line of an earlier child for the readiness of the next', async () => {
    const { g, events, event } = kept([
      spec('a', { command: escaping('process.exit(1)'), ready: { line: 'late' } }),
    ])
    void g.start()
    await event('service.exited', 4)

    expect(types(events, 'service.ready')).toEqual([])
  })

  it('gives a child its environment, and the Node that runs the governor', async () => {
    const code = `console.log('up', process.execPath, process.env.COLOUR, process.env.LISTEN_FDS, process.pid)`
    const { g, line } = kept([
      spec('a', {
        command: ['node', '-e', `${code}; setInterval(() => {}, 1e6)`],
        env: { COLOUR: 'red', PATH: '/usr/bin:/bin' },
      }),
    ])
    await g.start()

    const [, execPath, colour, listenFds] = await line(/up (\S+) (\S+) (\S+)/)
    expect([execPath, colour, listenFds]).toEqual([process.execPath, 'red', 'undefined'])
  })

  it('is ready at once without a probe', async () => {
    const { g } = kept([{ name: 'a', command: childCommand(), ...quick }])

    expect(await g.start()).toEqual({ ready: ['a'], failed: [] })
  })

  it('survives a listener and a log that throw (I3)', async () => {
    const { g } = kept([spec('a')], {
      log: () => {
        throw new Error('disk full')
      },
    })
    g.on(() => {
      throw new Error('no')
    })

    expect((await g.start()).ready).toEqual(['a'])
  })

  it('stops at the end of its scope', async () => {
    let pid = 0
    {
      await using g = processGovernor({ services: [spec('a')] })
      await g.start()
      pid = g.status()[0]!.pid!
    }

    expect(signalGroup(pid, 0)).toBe(false)
  })

  it('keeps a held socket open while its service is away', async () => {
    const held = await holdListener({ host: '127.0.0.1', port: 0 })
    const url = `http://127.0.0.1:${held.port}/pid`
    const { g, of, event } = kept([
      spec('a', { command: childCommand({ serve: 'inherited' }), ready: { http: url }, listen: [held] }),
    ])
    await g.start()

    const pids = new Set<string>()
    const refusals: unknown[] = []
    let over = false
    const client = (async () => {
      while (!over)
        await fetch(url, { headers: { connection: 'close' } })
          .then(async (response) => pids.add(await response.text()))
          .catch((error) => refusals.push((error as { cause?: { code?: string } }).cause?.code))
    })()
    for (let kill = 2; kill <= 4; kill++) {
      process.kill(of('a').pid!, 'SIGKILL')
      await event('service.ready', kill)
    }
    over = true
    await client
    held.close()

    expect(refusals).not.toContain('ECONNREFUSED')
    expect(pids.size).toBeGreaterThan(1)
    await g.stop()
    expect(await addressFree(held)).toBe(true)
  })

  it('keeps a PID file of what lives, and none when nothing does', async () => {
    using state = await claimState(folder(onTestFinished))
    const { g, of } = kept([spec('a')], { state })
    await g.start()

    const text = readFileSync(join(state.folder, 'a.pid'), 'utf8')
    expect(text.split('\n')[0]).toBe(String(of('a').pid))
    await g.stop()
    expect(readdirSync(state.folder)).toEqual(['governor.1.lock'])
  })

  it('goes on without a record when the disk refuses (I3)', async () => {
    using state = await claimState(folder(onTestFinished))
    const { g, events } = kept([spec('a')], { state: { ...state, folder: '/dev/null' } })

    expect((await g.start()).ready).toEqual(['a'])
    expect(events).toContainEqual({ type: 'record.failed', why: expect.stringContaining('ENOTDIR') })
  })

  it('takes its children along when the process exits', async () => {
    const program = `
      import { processGovernor } from ${JSON.stringify(import.meta.resolve('./process-governor.ts'))}
      const g = processGovernor({ services: [${JSON.stringify(spec('a'))}] })
      await g.start()
      console.log(g.status()[0].pid)
      process.exit()`
    const args = ['--conditions=@holdfast/source', '--input-type=module', '-e', program]
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })

    // The signal has been sent when the process ends; its receiver may need a moment more.
    await expect.poll(() => lives(Number(stdout)), { timeout: 5_000 }).toBe(false)
  })
})
