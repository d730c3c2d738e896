import { once as event } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { events, type Pipeline, retry, systemClock, timeout, wrap } from '@holdfast/policy'
import { withContext } from '@holdfast/policy/context'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeServer, fakeServer } from '../testing/index.ts'
import { type ResilientFetch, type ResilientFetchOptions, resilientFetch } from './resilient-fetch.ts'

const none = (): Pipeline => wrap(retry('none'))

describe('resilientFetch', () => {
  let server: FakeServer
  const clients: ResilientFetch[] = []
  const client = (pipeline?: Pipeline, options?: ResilientFetchOptions): ResilientFetch => {
    const made = resilientFetch(pipeline, options)
    clients.push(made)
    return made
  }
  beforeEach(async () => {
    server = await fakeServer()
  })
  afterEach(async () => {
    for (const each of clients.splice(0)) await each.close()
    await server[Symbol.asyncDispose]()
  })

  describe.each([true, false])('while a body comes, with connections of its own: %s', (pool) => {
    it("rejects it with the time-out's error, and leaves no socket, when it stalls", async () => {
      const clock = fakeClock()
      server.next({ status: 200, open: true, body: 'half' })

      const response = await client(wrap(timeout(1_000, { clock })), { pool, clock })(`${server.url}/slow`)
      const body = expect(response.text()).rejects.toMatchObject({
        code: 'TIMEOUT',
        message: `the body of GET ${server.url}/slow: no answer within 1000 ms`,
      })
      await clock.advance(1_000)

      await body
      await server.received[0]!.over
      expect(clock.pending).toBe(0)
    })

    it("rejects it with the caller's deadline, if that is nearer", async () => {
      const clock = fakeClock()
      server.next({ status: 200, open: true })

      const ask = client(wrap(timeout(1_000, { clock })), { pool, clock })
      const body = expect((await ask(server.url, { within: 300 })).text()).rejects.toMatchObject({
        code: 'DEADLINE_PASSED',
      })
      await clock.advance(300)

      await body
    })

    it('ends it when the context in which it was asked for ends', async () => {
      const around = new AbortController()
      server.next({ status: 200, open: true })

      const response = await withContext({ signal: around.signal }, () =>
        client(none(), { pool })(server.url),
      )
      const body = expect(response.text()).rejects.toBe('gone')
      around.abort('gone')

      await body
      await server.received[0]!.over
    })

    it('holds nothing once it has come', async () => {
      const clock = fakeClock()
      const ask = client(wrap(timeout(1_000, { clock })), { pool, clock })

      expect(await (await ask(server.url)).text()).toBe('ok')
      await (await ask(server.url, { method: 'HEAD' })).text()

      expect(clock.pending).toBe(0)
    })
  })

  it('reads a whole answer within the pipeline, which tries again when it breaks off', async () => {
    let count = 0
    await using cutting = await listening((_, response) => {
      response.writeHead(200, { 'content-length': 5 }).write('ha')
      if (++count === 1) setImmediate(() => response.socket!.resetAndDestroy())
      else response.end('lf!')
    })

    const again = wrap(retry({ attempts: 2, backoff: { initial: 1, max: 1 } }))
    const response = await client(again, { whole: true })(cutting.url)

    expect(await response.text()).toBe('half!')
    expect(response.url).toBe(`${cutting.url}/`)
    expect(count).toBe(2)
  })

  describe('under a retry around a time-out', () => {
    const timed = (clock: ReturnType<typeof fakeClock>): Pipeline =>
      wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 }, clock }), timeout(1_000, { clock }))

    it('does not send again what may have been done, and rejects with the time-out', async () => {
      const clock = fakeClock()
      server.next('stall')
      const began = server.request()

      const asked = client(timed(clock), { clock })(server.url, { method: 'POST', body: 'x' })
      const refused = expect(asked).rejects.toMatchObject({ code: 'TIMEOUT' })
      await began
      await clock.advance(1_000)
      await clock.advance(10)

      await refused
      expect(server.received).toHaveLength(1)
    })

    it('does not send a stream again that was read', async () => {
      const clock = fakeClock()
      server.next('stall')
      const began = server.request()
      const body = new Blob(['streamed']).stream()

      const asked = client(timed(clock), { clock })(server.url, { method: 'PUT', body, duplex: 'half' })
      const refused = expect(asked).rejects.toMatchObject({ code: 'TIMEOUT' })
      await began
      await clock.advance(1_000)
      await clock.advance(10)

      await refused
      expect(server.received).toHaveLength(1)
    })

    it('sends again what may be done twice', async () => {
      const clock = fakeClock()
      server.next('stall')
      const began = server.request()

      const asked = client(timed(clock), { clock })(server.url, { method: 'PUT', body: 'x' })
      await began
      await clock.advance(1_000)
      await clock.advance(10)

      expect((await asked).status).toBe(200)
      expect(server.received).toHaveLength(2)
    })
  })

  describe('without a pipeline', () => {
    it('tries again what may be done twice', async () => {
      const clock = fakeClock()
      const ask = client(undefined, { clock })
      const waits = new Promise<void>((resolve) => {
        const stop = events.on(({ type }) => {
          if (type !== 'retry.waited') return
          stop()
          resolve()
        })
      })
      server.next({ status: 503 })

      const asked = ask(server.url)
      await waits
      await clock.advance(5_000)

      expect((await asked).status).toBe(200)
    })

    it('breaks off each origin by itself', async () => {
      await using other = await fakeServer()
      const ask = client()
      server.next(...Array.from({ length: 5 }, () => ({ status: 500 })))
      for (let at = 0; at < 5; at++) await ask(server.url, { method: 'POST' })

      await expect(ask(server.url)).rejects.toMatchObject({ code: 'BREAKER_OPEN' })
      expect((await ask(other.url)).status).toBe(200)
    })

    it('does not break off who asks to be called less often', async () => {
      const ask = client()
      server.next(...Array.from({ length: 6 }, () => ({ status: 429, headers: { 'retry-after': '60' } })))
      for (let at = 0; at < 6; at++) expect((await ask(server.url)).status).toBe(429)
    })
  })

  describe('says who it is', () => {
    const within = (work: () => Promise<unknown>): Promise<unknown> =>
      withContext({ correlation: 'c-1', deadline: systemClock.now() + 5_000 }, work)
    const told = ({ received }: FakeServer): unknown[] =>
      received.map(({ headers }) => [
        headers['x-correlation-id'],
        headers['x-request-timeout-ms'] === undefined ? undefined : 'ms',
      ])

    it('to the origin of its base alone', async () => {
      await using other = await fakeServer()
      const ask = client(none(), { base: server.url })
      server.next({ status: 307, headers: { location: `${other.url}/moved` } })

      await within(() => ask('/redirected'))
      await within(() => ask(other.url))

      expect(told(server)).toEqual([['c-1', 'ms']])
      expect(told(other)).toEqual([
        [undefined, undefined],
        [undefined, undefined],
      ])
    })

    it('to everybody, or to nobody, if that is wanted', async () => {
      await within(() => client(none(), { envelope: 'always' })(server.url))
      await within(() => client(none(), { base: server.url, envelope: false })(server.url))

      expect(told(server)).toEqual([
        ['c-1', 'ms'],
        [undefined, undefined],
      ])
    })

    it('unless the caller says it', async () => {
      const headers = { 'x-correlation-id': 'own' }

      await within(() => client(none(), { base: server.url })('/', { headers }))

      expect(told(server)).toEqual([['own', 'ms']])
    })
  })

  it.each([true, false])(
    'takes its key along no redirect to another origin, with connections of its own: %s',
    async (pool) => {
      await using other = await fakeServer()
      const ask = client(none(), { base: server.url, headers: { 'X-Api-Key': 'secret' }, pool })
      server.next(
        { status: 307, headers: { location: '/here' } },
        { status: 307, headers: { location: `${other.url}/there` } },
      )

      await ask('/', { headers: { own: 'stays' } })

      expect(server.received.map(({ headers }) => headers['x-api-key'])).toEqual(['secret', 'secret'])
      expect(other.received.map(({ headers }) => [headers['x-api-key'], headers['own']])).toEqual([
        [undefined, 'stays'],
      ])
    },
  )

  it('never loses a POST on a connection that the server has closed meanwhile', async () => {
    const closed = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(closing, { eval: true, workerData: closed })
    const [port] = (await event(worker, 'message')) as [number]
    const ask = client(none(), { base: `http://127.0.0.1:${port}` })
    for (let round = 0; round < 5; round++) {
      expect(await (await ask('/', { method: 'POST', body: 'x' })).text()).toBe('done')
      // This thread is busy while the server goes, and so has not been told when it sends the next.
      expect(Atomics.wait(closed, 0, round, 5_000)).not.toBe('timed-out')
    }

    await worker.terminate()
  })

  it('keeps no connection idle for long that a POST would go over', async () => {
    await using counted = await listening((_, response) => response.end('ok'))
    const ask = client(none(), { base: counted.url })
    await (await ask('/', { method: 'POST' })).text()
    await (await ask('/', { method: 'PUT' })).text()
    expect(await counted.connections()).toBe(2)

    await event(counted.server, 'holdfast:closed')

    expect(await counted.connections()).toBe(1)
    expect(ask.connections()).toMatchObject([{ open: 1 }])
  })

  describe('when it is closed', () => {
    it('ends what is under way, bodies included, and refuses what comes after', async () => {
      const ask = client(none(), { base: server.url })
      server.next({ status: 200, open: true }, 'stall')
      const body = expect((await ask('/')).text()).rejects.toMatchObject({ code: 'HTTP_LET_GO' })
      const began = server.request()
      const asked = expect(ask('/')).rejects.toMatchObject({ code: 'HTTP_LET_GO' })
      await began

      await ask.close()

      await Promise.all([body, asked, ...server.received.map(({ over }) => over)])
      await expect(ask('/')).rejects.toMatchObject({ code: 'HTTP_CLOSED', class: 'permanent' })
      await ask.close()
    })

    it('has no connection left', async () => {
      await using counted = await listening((_, response) => response.end('ok'))
      const ask = client(none())
      await Promise.all(Array.from({ length: 50 }, async () => (await ask(counted.url)).text()))
      expect(ask.connections()).toMatchObject([{ origin: counted.url, running: 0, waiting: 0 }])

      await ask.close()

      while ((await counted.connections()) > 0) await event(counted.server, 'holdfast:closed')
      expect(ask.connections()).toEqual([])
    })
  })

  it('takes a dispatcher that its caller names', async () => {
    const seen: string[] = []
    const dispatcher = {
      dispatch({ origin }: { origin: string }, handler: { onError?(error: Error): void }) {
        seen.push(origin)
        queueMicrotask(() => handler.onError?.(new Error('none of ours')))
        return true
      },
    }

    await expect(client(none())(server.url, { dispatcher } as object)).rejects.toThrow('fetch failed')
    expect(seen).toEqual([server.url])
  })

  it('refuses an envelope that is none', () => {
    expect(() => resilientFetch(none(), { envelope: 'sometimes' as never })).toThrow(
      "'base-origin', 'always' or false",
    )
  })
})

/** A server that closes each connection soon after it has answered on it. */
const closing = `
const { createServer } = require('node:http')
const { parentPort, workerData: closed } = require('node:worker_threads')
const server = createServer(({ socket }, response) => {
  socket.once('close', () => {
    Atomics.add(closed, 0, 1)
    Atomics.notify(closed, 0)
  })
  response.once('finish', () => setTimeout(() => socket.destroy(), 10))
  response.end('done')
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

interface Listening extends AsyncDisposable {
  readonly url: string
  readonly server: Server
  connections(): Promise<number>
}

async function listening(handler: Parameters<typeof createServer>[1] & object): Promise<Listening> {
  const server = createServer(handler as never).listen(0, '127.0.0.1')
  server.on('connection', (socket) =>
    socket.once('close', () => setImmediate(() => server.emit('holdfast:closed'))),
  )
  await event(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      }),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}
