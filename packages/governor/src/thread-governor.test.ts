import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { BroadcastChannel } from 'node:worker_threads'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Governor } from './governor.ts'
import { holdListener } from './held-listener.ts'
import { folder } from './testing/folder.ts'
import { heard } from './testing/heard.ts'
import { livingThreads } from './testing/living-threads.ts'
import { load } from './testing/load.ts'
import type { ThreadSpec } from './thread/thread-spec.ts'
import { type ThreadGovernorOptions, threadGovernor } from './thread-governor.ts'

const handler = new URL('./testing/handler.mjs', import.meta.url)
const quick = { stopGrace: 100, backoff: { initial: 2, max: 20 }, stableAfter: 0 }
const spec = (name: string, more: Partial<ThreadSpec> = {}): ThreadSpec => ({
  name,
  module: handler,
  data: { does: 'steady', channel: name },
  ready: { line: 'up' },
  ...quick,
  ...more,
})
/** A handler whose module is this text. */
const written = (name: string, code: string, more: Partial<ThreadSpec> = {}): ThreadSpec => {
  const module = join(folder(onTestFinished), `${name}.mjs`)
  writeFileSync(module, code)
  return { name, module, ...quick, ...more }
}
const call = (channel: string, what: string) => {
  const to = new BroadcastChannel(channel)
  to.postMessage(what)
  to.close()
}

/** Opens a pipe for writing as soon as somebody reads from it, who then waits for what is written. */
const openedByReader = async (pipe: string): Promise<number> => {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await new Promise(setImmediate)
    }
  }
}

const governors: Governor<ThreadSpec>[] = []
afterEach(async () => {
  await Promise.all(governors.splice(0).map((g) => g.stop()))
  expect(livingThreads()).toEqual([])
})

const kept = (services: readonly ThreadSpec[], more: Partial<ThreadGovernorOptions> = {}) => {
  const all = heard((log) => threadGovernor({ services, log, ...more }))
  governors.push(all.g)
  return all
}

describe('threadGovernor', () => {
  it.each([
    ['throw', { is: 'threw', why: 'threw TypeError: thrown' }, null],
    ['reject', { is: 'rejected', why: 'left a rejection unhandled: Error: rejected' }, null],
    ['grow', { is: 'out-of-memory', why: 'ran out of memory' }, null],
    ['exit', undefined, 3],
  ])('tells an end by %s apart, and starts another thread', async (how, death, code) => {
    const { g, event, of } = kept([spec('a', { resourceLimits: { maxOldGenerationSizeMb: 16 } })])
    await g.start()

    call('a', how)
    const exited = await event('service.exited')
    await event('service.ready', 2)

    expect([exited.death, exited.code]).toEqual([death, code])
    expect(of('a')).toMatchObject({ restarts: 1, state: { is: 'ready' } })
    expect(await event('service.restarting')).toMatchObject({ why: death?.why ?? 'exited with code 3' })
  })

  it('gives out what a thread printed before it died, and what it died of', async () => {
    const { g, lines, line } = kept([
      written(
        'a',
        `export const run = () => { console.log('last words'); console.error('to the side'); process.exit(1) }`,
      ),
      written('b', `export const run = () => { throw new RangeError('too far') }`),
    ])
    void g.start()
    await line(/RangeError: too far/)
    await line(/to the side/)
    await g.stop()

    expect(lines).toContainEqual(
      expect.objectContaining({ service: 'a', stream: 'stdout', line: 'last words' }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({ service: 'a', stream: 'stderr', line: 'to the side' }),
    )
  })

  it('notices an event loop that does not turn, terminates the thread and replaces it', async () => {
    const { g, event, of } = kept([
      spec('a', { alive: { every: 20, timeout: 200, failures: 1 }, stopGrace: 10 }),
    ])
    await g.start()
    const { pid } = of('a')

    call('a', 'hang')
    // Nobody waits for its answer.
    expect(await g.metrics()).toMatchObject([{ service: 'a' }])

    expect(await event('service.restarting')).toMatchObject({
      reason: 'unhealthy',
      why: 'a check failed: no answer within 200 ms',
    })
    await event('service.ready', 2)
    expect(await event('service.exited')).toMatchObject({ death: { is: 'terminated' }, wanted: true })
    expect(of('a').pid).not.toBe(pid)
  })

  it('is ready when its handler says so, or returns, and not before', async () => {
    const { g, lines } = kept([
      written(
        'says',
        `export const run = async ({ ready, signal }) => {
          console.log('loaded'); ready()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        }`,
      ),
      written('returns', `export const run = async () => { setInterval(() => {}, 1e6) }`),
      written('neither', `export const run = () => new Promise(() => {})`, { startTimeout: 300 }),
    ])

    expect(await g.start()).toEqual({
      ready: ['says', 'returns'],
      failed: [{ service: 'neither', why: 'not ready within 300 ms' }],
    })
    expect(lines.map(({ line }) => line)).toEqual(['loaded'])
  })

  it('gives a handler a copy of its data, an environment of its own, and a signal', async () => {
    const data = { list: [1, 2, 3], of: new Map([['a', 1n]]) }
    const { g, line } = kept([
      written(
        'a',
        `export const run = ({ data, signal }) => {
          console.log('sees', data.list.length, data.of.get('a'), process.env.COLOUR, signal.aborted)
          data.list.push(4)
          process.env.COLOUR = 'blue'
          setInterval(() => {}, 1e6)
        }`,
        { data, env: { COLOUR: 'red' } },
      ),
    ])
    await g.start()
    expect((await line(/sees.*/))[0]).toBe('sees 3 1n red false')

    await g.restart('a')

    expect([data.list.length, process.env['COLOUR']]).toEqual([3, undefined])
  })

  it('is done when a handler that is a job has returned', async () => {
    const { g, of } = kept(
      [spec('job', { data: { does: 'done' }, ready: undefined as never, restart: 'never' })].map(
        ({ ready: _, ...each }) => each,
      ),
    )

    expect(await g.start()).toEqual({ ready: ['job'], failed: [] })
    expect(of('job')).toMatchObject({ state: { is: 'done' }, lastExit: { code: 0 } })
  })

  it('restarts a thread with too much memory', async () => {
    const { g, event } = kept([spec('a', { maxMemory: 1 })], { weighEvery: 5 })
    void g.start()

    expect(await event('service.restarting')).toMatchObject({ reason: 'memory' })
  })

  it('refuses no connection while the thread that listens on a held socket is replaced', async () => {
    const held = await holdListener({ host: '127.0.0.1', port: 0 })
    const { g, of, event } = kept([
      written(
        'a',
        `import { createServer } from 'node:net'
        import { threadId, BroadcastChannel } from 'node:worker_threads'
        export const run = async ({ listen, signal, ready }) => {
          const server = createServer((socket) => socket.end(String(threadId))).listen(listen[0])
          const ear = new BroadcastChannel('crash')
          ear.onmessage = () => { throw new Error('crash') }
          signal.addEventListener('abort', () => { server.close(); ear.close() })
        }`,
        { listen: [held], stopGrace: 2_000 },
      ),
    ])
    await g.start()
    const ask = () =>
      new Promise<string>((resolve, reject) => {
        let said = ''
        connect(held.port, held.host)
          .on('data', (data) => {
            said += data
          })
          .on('close', () => resolve(said))
          .on('error', reject)
      })

    expect(await ask()).toBe(String(of('a').pid))
    call('crash', 'now')
    await event('service.exited')
    const between = ask()
    await event('service.ready', 2)
    expect(await between).toBe(String(of('a').pid))
    await g.restart('a')
    expect(await ask()).toBe(String(of('a').pid))

    await g.stop()
    held.close()
  })

  it('shares a held socket among its replicas, and replaces them one beside the other without a failed call', async () => {
    const held = await holdListener({ host: '127.0.0.1', port: 0 })
    const replicated = written(
      'a',
      `import { createServer } from 'node:http'
      import { Server } from 'node:net'
      export const run = ({ listen, signal }) => {
        const server = createServer((_, response) => response.end(process.env.HOLDFAST_REPLICA)).listen(listen[0])
        // As net has it: http's own close() cuts connections whose request is just arriving.
        signal.addEventListener('abort', () => Server.prototype.close.call(server))
      }`,
      { listen: [held], replicas: 2, stopGrace: 4_000 },
    )
    const { g, events } = kept([replicated])
    expect(await g.start()).toEqual({ ready: ['a'], failed: [] })
    const calls = load(held.port, false)
    onTestFinished(calls.abandon)
    await calls.more(1)

    expect(await g.restart('a')).toEqual({ ready: ['a'], failed: [] })
    expect(await g.scale('a', 1)).toEqual({ ready: ['a'], failed: [] })

    await calls.end()
    expect(calls.errors).toEqual([])
    expect(calls.answers.every((answer) => answer === '1' || answer === '2')).toBe(true)
    expect(events.filter(({ type }) => type === 'service.started')).toHaveLength(4)
    await g.stop()
    held.close()
  })

  it('does not wait for ever for a thread that blocks outside of JavaScript', async () => {
    const clock = fakeClock()
    const pipe = join(folder(onTestFinished), 'pipe')
    execFileSync('mkfifo', [pipe])
    const blocking = written(
      'a',
      `import { readFileSync } from 'node:fs'
      export const run = ({ data }) => {
        setInterval(() => {}, 1e6)
        setImmediate(() => readFileSync(data))
      }`,
      { data: pipe },
    )
    const { g, of } = kept([blocking], { clock })
    await g.start()
    const writer = await openedByReader(pipe)

    try {
      const removed = g.removeHandler('a').then(
        () => 'removed',
        (error) => error.code,
      )
      let code: unknown
      void removed.then((told) => {
        code = told
      })
      while (code === undefined) {
        await clock.advance(1_000)
        await new Promise(setImmediate)
      }
      expect(code).toBe('STILL_RUNNING')
      expect(of('a').state).toMatchObject({ is: 'failed', why: expect.stringContaining('does not end') })
    } finally {
      closeSync(writer)
    }
    await g.removeHandler('a')
    expect(g.status()).toEqual([])
  })

  it('refuses what cannot be run', () => {
    const refused = (more: Partial<ThreadSpec>) => () => threadGovernor({ services: [spec('a', more)] })

    expect(refused({ module: '/no/such/module.mjs' })).toThrow('service "a": module is /no/such/module.mjs')
    expect(refused({ module: 'https://example.org/a.mjs' })).toThrow('use the path of a file')
    expect(refused({ data: () => {} })).toThrow('without functions')
    expect(refused({ maxMemory: 0 })).toThrow('maxMemory')
  })

  it('says so when a module has no handler', async () => {
    const { g } = kept([written('a', `export const other = 1`)])

    expect((await g.start()).failed[0]?.why).toMatch(
      /exports no function that is named "run" before it was ready/,
    )
  })

  it('runs TypeScript', async () => {
    const { g, line } = kept([
      {
        ...written('a', ''),
        module: new URL('./testing/typed-handler.ts', import.meta.url),
        data: { greeting: 'hello' },
      },
    ])
    await g.start()

    expect((await line(/hello.*/))[0]).toBe('hello from a thread')
  })
})
