import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { fakeClock } from '@holdfast/policy/testing'
import { fakeServer, freePort } from '@holdfast/transport/testing'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../config/read.ts'
import { WireMissingError, wireModules } from '../wire-modules.ts'
import { type UpstreamWatchOptions, upstreamWatch } from './upstream-watch.ts'

function watched(text: string, options: Partial<UpstreamWatchOptions> = {}) {
  const clock = fakeClock()
  const config = readConfig({ file: 'f', text, environment: {} })
  return { clock, watch: upstreamWatch({ config, after: Promise.resolve(), clock, ...options }) }
}

/** Resolves when a look has found it so: what is asked is real, and answers in its own time. */
async function known(watch: ReturnType<typeof upstreamWatch>, name: string, is: string): Promise<void> {
  while (watch.seen(name).status !== is) await new Promise(setImmediate)
}

describe('upstreamWatch', () => {
  it('knows the upstreams that no chain names', async () => {
    const { watch } = watched(
      `
upstreams:
  asked: { url: "http://127.0.0.1:1" }
  modelled: { url: "http://127.0.0.1:1" }
  orders: { postgres: "postgres://127.0.0.1:1/x" }
  kernel: { grpc: "127.0.0.1:1" }
chains: { a: [asked, rules], b: [modelled/some/model] }
rules: [{ match: x, answer: y }]
`,
      { after: new Promise(() => {}) },
    )

    expect(watch.parts).toEqual([
      { name: 'orders', kind: 'database' },
      { name: 'kernel', kind: 'upstream' },
    ])
    expect(watch.seen('orders')).toEqual({ status: 'unknown', reason: 'it has not been asked yet' })
    await watch.close()
  })

  it('asks once in its interval, whoever asks what was seen (I1), and nobody after it is closed (I3)', async () => {
    await using server = await fakeServer()
    const { watch, clock } = watched(`upstreams: { jira: { url: "${server.url}", preset: jira } }`)
    await known(watch, 'jira', 'healthy')

    for (let asked = 0; asked < 1_000; asked++) watch.seen('jira')
    await clock.advance(9_999)
    expect(server.received).toHaveLength(1)
    const next = server.request()
    await clock.advance(1)
    await (await next).over
    expect(server.received).toHaveLength(2)

    while (watch.seen('jira').age !== 0) await new Promise(setImmediate)
    await watch.close()
    expect(clock.pending).toBe(0)
    await clock.advance(60_000)
    expect(server.received).toHaveLength(2)
  })

  it('asks each as often as the file says, and never one whose health is off', async () => {
    await using server = await fakeServer()
    const { watch, clock } = watched(`
upstreams:
  jira: { url: "${server.url}", preset: jira, health: 1m }
  unasked: { url: "${server.url}", preset: jira, health: off }
`)
    await known(watch, 'jira', 'healthy')
    await clock.advance(59_999)
    expect(server.received).toHaveLength(1)
    const next = server.request()
    await clock.advance(1)
    await (await next).over

    expect(server.received).toHaveLength(2)
    expect(watch.parts.map(({ name }) => name)).toEqual(['jira', 'unasked'])
    expect(watch.seen('unasked')).toEqual({ status: 'unknown', reason: 'it is not asked: health is off' })
    expect(watch.known()).toEqual([{ kind: 'upstream', name: 'jira', level: 'healthy', critical: false }])
    while (watch.seen('jira').age !== 0) await new Promise(setImmediate)
    await watch.close()
    expect(clock.pending).toBe(0)
  })

  it('says for how long it has been so, how old that is, and what was wrong last', async () => {
    await using server = await fakeServer()
    server.next({ status: 503 }, { status: 503 }, { status: 200 })
    const { watch, clock } = watched(`upstreams: { jira: { url: "${server.url}", preset: jira } }`)
    const reason = `${server.url}/status answers 503`
    await known(watch, 'jira', 'unhealthy')

    await clock.advance(4_000)
    expect(watch.seen('jira')).toEqual({
      ...{ status: 'unhealthy', reason, age: 4_000 },
      details: { for: 4_000, roundTrip: 0, lastError: { reason, age: 4_000 } },
    })
    const again = server.request()
    await clock.advance(6_000)
    await (await again).over
    while (watch.seen('jira').age !== 0) await new Promise(setImmediate)
    expect(watch.seen('jira')).toMatchObject({ age: 0, details: { for: 10_000, lastError: { age: 0 } } })

    await clock.advance(10_000)
    await known(watch, 'jira', 'healthy')
    expect(watch.seen('jira')).toEqual({
      ...{ status: 'healthy', reason: undefined, age: 0 },
      details: { for: 0, roundTrip: 0, lastError: { reason, age: 10_000 } },
    })
    await watch.close()
  })

  it('is not hung by one that never answers (I2)', async () => {
    const peer = await silentPeer()
    const { watch, clock } = watched(`
upstreams:
  hung: { url: "http://127.0.0.1:${peer.port}", preset: jira }
  orders: { postgres: "postgres://127.0.0.1:${peer.port}/x" }
`)
    await peer.askedTwice
    while (clock.pending < 2) await new Promise(setImmediate)
    await clock.advance(2_250)
    await known(watch, 'hung', 'unhealthy')

    expect(watch.seen('hung')).toMatchObject({ reason: 'hung: no answer within 2250 ms' })
    await watch.close()
    await peer.close()
  })

  it('does not know how one is whose library is not installed, and asks again', async () => {
    let tried = 0
    const load: typeof wireModules = (upstreams) =>
      tried++ === 0 ? Promise.reject(new WireMissingError('orders', 'pg')) : wireModules(upstreams)
    const { watch, clock } = watched('upstreams: { orders: { postgres: "postgres://127.0.0.1:1/x" } }', {
      load,
    })
    while (clock.pending === 0 || watch.seen('orders').age === undefined) await new Promise(setImmediate)

    expect(watch.seen('orders')).toMatchObject({
      status: 'unknown',
      reason: expect.stringContaining("the upstream 'orders' is called with pg, which is not installed"),
      details: { for: 0 },
    })
    await clock.advance(10_000)
    await known(watch, 'orders', 'unhealthy')
    await watch.close()
  })

  it('tells no secret, whatever the other side says (I4)', async () => {
    await using database = await refusing(
      `password p@ss-word of app is not right, nor is p%40ss-word${'.'.repeat(90_000)}`,
    )
    const { watch } = watched(`
upstreams:
  orders: { postgres: "postgres://app:p%40ss-word@127.0.0.1:${database.port}/x" }
  wrong: { postgres: "postgres://app:p%40ss-word@127.0.0.1:1/x?application_name=p%40ss-word" }
  jira: { url: "http://127.0.0.1:${await freePort()}", key: planted-key, preset: jira }
`)
    for (const name of ['orders', 'wrong', 'jira']) await known(watch, name, 'unhealthy')

    const told = JSON.stringify(['orders', 'wrong', 'jira'].map((name) => watch.seen(name)))
    expect(told).toContain('password [redacted]')
    expect(told.length).toBeLessThan(3_000)
    expect(told).not.toMatch(/p@ss-word|p%40ss-word|planted-key/)
    await watch.close()
  })
})

/** Takes connections and says nothing. */
async function silentPeer() {
  const sockets: Socket[] = []
  const both = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
    if (sockets.length === 2) both.resolve()
  })
  return {
    port: await port(server),
    askedTwice: both.promise,
    close: () => closed(server, sockets),
  }
}

/** A database that refuses everybody, in its own words. */
async function refusing(words: string) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
    socket.once('data', () => {
      const fields = `SFATAL\0VFATAL\0C28P01\0M${words}\0\0`
      const size = Buffer.alloc(4)
      size.writeUInt32BE(fields.length + 4)
      socket.end(Buffer.concat([Buffer.from('E'), size, Buffer.from(fields)]))
    })
  })
  return { port: await port(server), [Symbol.asyncDispose]: () => closed(server, sockets) }
}

async function port(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function closed(server: Server, sockets: readonly Socket[]): Promise<void> {
  const over = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await over
}
