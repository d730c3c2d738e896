import { once } from 'node:events'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { grpcServer } from '@holdfast/transport/grpc'
import { postgres } from '@holdfast/transport/postgres'
import { fakeServer, freePort, type PostgresServer, postgresServer } from '@holdfast/transport/testing'
import { zeromqServer } from '@holdfast/transport/zeromq'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../config/read.ts'
import { checkOf } from './check-of.ts'
import type { UpstreamCheck } from './upstream-check.ts'

const made: UpstreamCheck[] = []
const checked = async (upstream: string, policies = ''): Promise<UpstreamCheck> => {
  const text = `upstreams: { it: { ${upstream} } }\n${policies}`
  const check = await checkOf('it', readConfig({ file: 'f', text, environment: {} }))
  made.push(check)
  return check
}
const ask = async (upstream: string, policies?: string) =>
  (await checked(upstream, policies)).ask(AbortSignal.timeout(4_000))
const quietly = new AbortController().signal

afterAll(() => Promise.all(made.map((check) => check.close())))

describe('the check of an upstream behind postgres', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await postgresServer()
    await server.start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('holds one connection, however often it is asked at once', async () => {
    const check = await checked(`postgres: "${server.url}"`)
    await Promise.all(Array.from({ length: 20 }, () => check.ask(quietly)))
    await using database = postgres({ url: server.url, name: 'another' })
    const { rows } = await database.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast health'`,
    )

    expect(rows).toEqual([{ count: '1' }])
  })

  it('says who answers: the first, the replica alone, or nobody', async () => {
    const nobody = `127.0.0.1:${await freePort()}`
    const first = await checked(`postgres: "${server.url}", replica: "postgres://${nobody}"`)
    const replica = await checked(`postgres: "postgres://postgres@${nobody}", replica: "${server.url}"`)
    const alone = { status: 'degraded', reason: `${nobody} is away, and another server answers` }
    expect(await first.ask(quietly)).toMatchObject({ status: 'healthy' })
    expect(await replica.ask(quietly)).toMatchObject(alone)

    await server.kill()
    for (const check of [first, replica])
      expect(await check.ask(quietly)).toMatchObject({
        status: 'unhealthy',
        reason: expect.stringContaining('ECONNREFUSED'),
      })

    await server.start()
    expect(await first.ask(quietly)).toMatchObject({ status: 'healthy' })
    expect(await replica.ask(quietly)).toMatchObject(alone)
  })

  it('says that the server which answers only lets data be read', async () => {
    await using database = postgres({ url: server.url })
    await database.query('ALTER SYSTEM SET default_transaction_read_only = on')
    await database.query('SELECT pg_reload_conf()')
    const check = await checked(`postgres: "${server.url}"`)
    while ((await check.ask(quietly))?.status === 'healthy') await new Promise(setImmediate)

    expect(await check.ask(quietly)).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('only lets data be read'),
    })
  })
})

describe('the check of an upstream behind grpc', () => {
  it('says what its health service says, and that nobody is there', async () => {
    const echo = {
      path: '/acme.Kernel/Echo',
      ...{ requestStream: false, responseStream: false },
      ...{ requestSerialize: Buffer.from, responseSerialize: Buffer.from },
      ...{ requestDeserialize: String, responseDeserialize: String },
    }
    const services = [{ service: { echo }, handlers: { echo: () => {} } }]
    await using server = await grpcServer({ address: '127.0.0.1:0', services })
    const check = await checked(`grpc: "127.0.0.1:${server.port}"`)
    expect(await check.ask(quietly)).toBeUndefined()

    server.health.set('', false)
    await expect(check.ask(quietly)).rejects.toThrow(`127.0.0.1:${server.port} says NOT_SERVING`)
    await expect(ask(`grpc: "127.0.0.1:${await freePort()}"`)).rejects.toThrow('ECONNREFUSED')
  })

  it('is content with a server that has no health service', async () => {
    const server = createHttp2Server((_, response) => {
      response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '12' }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')

    expect(await ask(`grpc: "127.0.0.1:${(server.address() as AddressInfo).port}"`)).toBeUndefined()
    server.close()
  })
})

describe('the check of an upstream behind zeromq', () => {
  it('says whether it answers a ping', async () => {
    const keys = {
      secretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6',
      publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7',
    }
    await using open = await zeromqServer({ bind: 'tcp://127.0.0.1:*', handlers: {} })
    await using locked = await zeromqServer({ bind: 'tcp://127.0.0.1:*', handlers: {}, curve: keys })

    expect(await ask(`zeromq: "${open.address}"`)).toBeUndefined()
    expect(await ask(`zeromq: "${locked.address}", serverKey: '${keys.publicKey}'`)).toBeUndefined()
    const nobody = `tcp://127.0.0.1:${await freePort()}`
    const check = await checked(`zeromq: "${nobody}"`)
    const leaving = new AbortController()
    const late = check.ask(leaving.signal)
    leaving.abort(new Error('enough'))
    await expect(late).rejects.toThrow(`no answer from ${nobody}: enough`)
  })
})

describe('the check of an upstream with a url', () => {
  it('asks where its vendor says, which its policy may name, with its key', async () => {
    await using server = await fakeServer()
    server.next(
      { status: 200 },
      { status: 401 },
      { status: 302, headers: { location: '/login' } },
      { status: 503 },
    )
    const jira = `url: "${server.url}/jira", policy: p, key: planted`
    const policies = 'policies: { p: { preset: jira } }'

    expect(await ask(jira, policies)).toBeUndefined()
    expect(await ask(jira, policies)).toEqual({
      status: 'degraded',
      reason: `${server.url}/status answers 401, and not 200`,
    })
    expect(await ask(jira, policies)).toMatchObject({ reason: expect.stringContaining('302') })
    await expect(ask(jira, policies)).rejects.toThrow(`${server.url}/status answers 503`)
    expect(server.received.map(({ path, headers }) => [path, headers.authorization])).toEqual(
      Array(4).fill(['/status', 'Bearer planted']),
    )
  })

  it('asks for nothing where its vendor says nothing: a connection is enough', async () => {
    const server = await fakeServer()

    expect(await ask(`url: "${server.url}"`)).toBeUndefined()
    expect(server.received).toEqual([])
    await server[Symbol.asyncDispose]()
    await expect(ask(`url: "${server.url}"`)).rejects.toThrow(/^no connection to http:.*ECONNREFUSED/)
    await expect(ask(`url: "${server.url}", preset: jira`)).rejects.toThrow(
      /^no connection to .*ECONNREFUSED/,
    )
  })
})
