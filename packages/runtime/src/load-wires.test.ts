import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forget, statuses } from '@holdfast/policy'
import { context, withContext } from '@holdfast/policy/context'
import { type GrpcServer, grpcServer, type UnaryCall } from '@holdfast/transport/grpc'
import { postgresServer } from '@holdfast/transport/testing'
import { zeromqServer } from '@holdfast/transport/zeromq'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Holdfast, load } from './load.ts'

const write = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const read = (bytes: Buffer): string => JSON.parse(bytes.toString()) as string
const echo = {
  echo: {
    path: '/holdfast.test.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: write,
    requestDeserialize: read,
    responseSerialize: write,
    responseDeserialize: read,
  },
} as const

function echoServer(): Promise<GrpcServer> {
  const handlers = {
    echo: (call: { request: string }, answer: (error: null, text: string) => void) =>
      answer(null, `${call.request}, ${context().correlation}`),
  }
  return grpcServer({ address: '127.0.0.1:0', services: [{ service: echo, handlers }] })
}

describe('load', () => {
  let folder: string
  const loaded = (text: string): Promise<Holdfast> => {
    const file = join(folder, 'holdfast.yaml')
    writeFileSync(file, text)
    return load(file, { environment: {} })
  }
  const breakers = (): string[] => (statuses()['breaker'] ?? []).map(({ name }) => name)

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-load-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
    for (const { name } of Object.values(statuses()).flat()) forget(name)
  })

  it('calls an upstream over gRPC, each method under a breaker of its own, in the context of who asks', async () => {
    await using server = await echoServer()
    await using hf = await loaded(`upstreams: { kernel: { grpc: "127.0.0.1:${server.port}" } }`)

    const kernel = hf.grpc<{ echo: UnaryCall<string, string> }>('kernel', echo)
    const said = await withContext({ correlation: 'c-1' }, () => kernel.echo('hello'))

    expect(said).toBe('hello, c-1')
    expect(hf.grpc('kernel', echo)).toBe(kernel)
    expect(breakers()).toContain('kernel/holdfast.test.Echo/Echo')
  })

  it('makes a call over gRPC again that broke off, if the file says that its method may be done twice', async () => {
    let asked = 0
    const handlers = {
      echo: (call: { request: string }, answer: (error: object | null, text?: string) => void) =>
        ++asked % 2 === 1 ? answer({ code: 14, details: 'not now' }) : answer(null, call.request),
    }
    await using server = await grpcServer({ address: '127.0.0.1:0', services: [{ service: echo, handlers }] })
    const kernel = async (idempotent: string) => {
      const hf = await loaded(
        `upstreams: { kernel: { grpc: "127.0.0.1:${server.port}", policy: quick${idempotent} } }
policies: { quick: { retry: { attempts: 2, initial: 1ms, max: 2ms } } }`,
      )
      const said = await hf
        .grpc<{ echo: UnaryCall<string, string> }>('kernel', echo)
        .echo('hello')
        .catch((error) => error.class)
      await hf.close()
      return said
    }

    expect(await kernel(', idempotent: [holdfast.test.Echo/Echo]')).toBe('hello')
    expect(await kernel('')).toBe('transient')
  })

  it('calls an upstream over ZeroMQ, and knows its server by its key', async () => {
    const keys = {
      secretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6',
      publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7',
    }
    const handlers = { echo: (said: unknown) => `${said}, ${context().correlation}` }
    await using server = await zeromqServer({ bind: 'tcp://127.0.0.1:*', handlers, curve: keys })
    await using hf = await loaded(
      `upstreams: { ding: { zeromq: "${server.address}", serverKey: '${keys.publicKey}' } }`,
    )

    const said = await withContext({ correlation: 'c-2' }, () => hf.zeromq('ding').call('echo', 'hello'))

    expect(said).toBe('hello, c-2')
    expect(breakers()).toContain('ding')
  })

  it('asks a database, which stands under the policy of its upstream', async () => {
    await using server = await postgresServer()
    await server.start()
    await using hf = await loaded(
      `upstreams: { orders: { postgres: "${server.url}", policy: quick } }
policies: { quick: { preset: database, breaker: { failures: 1 } } }`,
    )

    await expect(hf.postgres('orders').query('selekt')).rejects.toMatchObject({ class: 'permanent' })
    const { rows } = await hf.postgres('orders').query('select 1 + 1 as two')

    expect(rows).toEqual([{ two: 2 }])
    expect(breakers()).toContain('orders')
    await hf.close()
    expect(() => hf.postgres('orders')).toThrow('after everything was let go')
  })

  it('opens no breaker for what was asked wrongly', async () => {
    await using server = zeromqServer({
      bind: 'tcp://127.0.0.1:*',
      handlers: { echo: (said: unknown) => said },
    })
    await using hf = await loaded(
      `upstreams: { ding: { zeromq: "${server.address}", policy: quick } }
policies: { quick: { retry: { attempts: 1 }, breaker: { failures: 1 } } }`,
    )
    const ding = hf.zeromq('ding')

    await expect(ding.call('eco')).rejects.toMatchObject({ code: 'ZEROMQ_METHOD' })
    expect(await ding.call('echo', 'hello')).toBe('hello')
  })

  it('says which wire an upstream is behind when it is asked for over another', async () => {
    await using hf = await loaded('upstreams: { kernel: { grpc: "127.0.0.1:1" } }')

    expect(() => hf.postgres('kernel')).toThrow(
      "the file has no upstream behind postgres 'kernel': that one is behind grpc",
    )
    expect(() => hf.fetch('kernl')).toThrow("the file has no upstream 'kernl'; did you mean 'kernel'?")
  })
})
