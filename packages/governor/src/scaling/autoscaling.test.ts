import { request } from 'node:http'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { holdListener } from '../held-listener.ts'
import { kept, quick, spec, stopKept } from '../testing/kept-governor.ts'

/** Keeps `/work` waiting until its page is sent a POST; the page says how much waits. */
const program = `const { createServer } = require('node:http')
  const held = new Set()
  const server = createServer(({ url }, response) => (url === '/work' ? held.add(response) : response.end()))
  server.listen({ fd: 3 })
  const page = createServer(({ method }, response) => {
    if (method === 'POST') for (const each of held) held.delete(each) && each.end()
    response.end(JSON.stringify({ inFlight: held.size }))
  })
  page.listen(Number(process.argv[1]) + Number(process.env.HOLDFAST_REPLICA) - 1, '127.0.0.1', () => console.log('up'))
  process.on('SIGTERM', () => {
    page.close()
    server.close(() => process.exit())
  })`

/** Its status, or what went wrong. */
const ask = (port: number, path: string, method = 'GET'): Promise<number | string | undefined> =>
  new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path, method, agent: false }
    request(options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      .end()
  })

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const tried = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => tried.close(() => resolve(true)))
  })
/** The first of three ports in a row that are free. */
const freeRow = async (): Promise<number> => {
  for (let port = 21_000 + (process.pid % 20_000); ; port += 3)
    if ((await isFree(port)) && (await isFree(port + 1)) && (await isFree(port + 2))) return port
}

afterEach(stopKept)

describe('a service that is scaled', () => {
  it('has more processes while there is more to do, and no request fails when they come and go', async () => {
    const page = await freeRow()
    const socket = await holdListener({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => socket.close())
    const { g, of, events, event } = kept([
      {
        ...quick,
        name: 'ai',
        command: ['node', '-e', program, String(page)],
        ready: { line: 'up' },
        stopGrace: 5_000,
        listen: [socket],
        autoscale: {
          max: 3,
          inFlight: 2,
          page: `http://127.0.0.1:${page}/`,
          every: 50,
          coolDown: 0,
          downAfter: 300,
        },
      },
    ])
    await g.start()
    const { pid } = of('ai')
    const answers: unknown[] = []
    let over = false
    const visitor = (async () => {
      while (!over) answers.push(await ask(socket.port, '/'))
    })()

    const work = Array.from({ length: 9 }, () => ask(socket.port, '/work'))
    await event('service.ready', 3)
    expect(of('ai')).toMatchObject({ pid, replicas: { wanted: 3, ready: 3 } })

    await Promise.all([0, 1, 2].map((nth) => ask(page + nth, '/', 'POST')))
    expect(await Promise.all(work)).toEqual(Array(9).fill(200))
    await event('service.exited', 2)
    over = true
    await visitor

    // A look may come before all requests are there.
    const sizes = events.flatMap((each) => (each.type === 'service.scaled' ? [each.to] : []))
    expect(sizes.join()).toMatch(/^(2,)?3,2,1$/)
    expect(of('ai').pid).toBe(pid)
    expect(new Set(answers)).toEqual(new Set([200]))
    expect(events.filter(({ type }) => type === 'load.failed' || type === 'service.failed')).toEqual([])
  })
  it('gets other rules, and none, without a restart', async () => {
    const read = async () => ({ inFlight: 2 })
    const scaled = (min: number) => spec('ai', { autoscale: { min, max: 3, inFlight: 2, read, every: 20 } })
    const { g, of, events, event } = kept([scaled(1)])
    await g.start()
    const { pid } = of('ai')

    expect(await g.apply([scaled(2)])).toMatchObject({ kept: ['ai'], replaced: [] })
    await event('service.ready', 2)
    expect(await event('service.scaled')).toMatchObject({ from: 1, to: 2, why: '1 is not between 2 and 3' })
    expect(await g.apply([scaled(1)])).toMatchObject({ kept: ['ai'], replaced: [] })
    expect(of('ai')).toMatchObject({ pid, replicas: { wanted: 2, ready: 2 } })

    expect(await g.apply([spec('ai')])).toMatchObject({ kept: ['ai'], replaced: [] })
    expect(of('ai')).toMatchObject({ pid, state: { is: 'ready' } })
    expect(of('ai').replicas).toBeUndefined()
    expect(events.filter(({ type }) => type === 'service.scaled')).toHaveLength(1)
  })
})
