import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  loadPackageDefinition,
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { breaker, events, hedge, retry, timeout, wrap } from '@holdfast/policy'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import { type Ask, freePort } from '../testing/index.ts'
import { type GrpcClientOptions, grpcClient } from './grpc-client.ts'
import type { ServerStreamCall, UnaryCall } from './grpc-method.ts'
import { grpcServer } from './grpc-server.ts'

type Asked = ServerUnaryCall<Ask, string>
type Answer = sendUnaryData<string>
const ask = (text = ''): Ask => ({ does: 'echo', text })
const echo = { ask: ({ request }: Asked, answer: Answer) => answer(null, request.text) }

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function joined(handlers: object, given: Partial<GrpcClientOptions> = {}) {
  const services = [{ service: askingService, handlers: handlers as typeof echo }]
  const server = await grpcServer({ address: '127.0.0.1:0', services })
  const address = `127.0.0.1:${server.port}`
  const client = grpcClient(askingService, { address, ...given })
  open.push({ [Symbol.asyncDispose]: () => server.close(0) }, client)
  return { ...client, address, server }
}

/** Fails so many times, each in that way, then answers with the number of calls there were. */
function fails(times: number, code: status, trailers = new Metadata()) {
  let calls = 0
  const next = () => ++calls > times
  return {
    ask(_: Asked, answer: Answer) {
      if (next()) answer(null, String(calls))
      else answer({ code, details: 'not now', metadata: trailers })
    },
    list(call: ServerWritableStream<Ask, string>) {
      if (!next()) return void call.emit('error', { code, details: 'not now' })
      call.write(String(calls))
      call.end()
    },
  }
}

const quick = { attempts: 4, backoff: { initial: 1, max: 5_000 } }

describe('grpcClient', () => {
  it('tries again what may be done twice, and what certainly was not done, by itself', async () => {
    const twice = await joined(fails(2, status.UNAVAILABLE), { idempotent: ['ask'] })
    const once = await joined(fails(2, status.UNAVAILABLE))
    const full = await joined(fails(2, status.RESOURCE_EXHAUSTED))

    expect(await twice.rpc.ask(ask())).toBe('3')
    expect(await full.rpc.ask(ask())).toBe('3')
    await expect(once.rpc.ask(ask())).rejects.toMatchObject({ class: 'transient', grpcStatus: 'UNAVAILABLE' })
    expect(await once.rpc.ask(ask(), { idempotent: true })).toBe('3')
  })

  it('waits as long as the other side says', async () => {
    const later = new Metadata()
    later.set('grpc-retry-pushback-ms', '120')
    const { rpc } = await joined(fails(1, status.RESOURCE_EXHAUSTED, later), { pipeline: wrap(retry(quick)) })
    const from = performance.now()

    expect(await rpc.ask(ask())).toBe('2')
    expect(performance.now() - from).toBeGreaterThan(119)
  })

  it('has a breaker for each method, which a wrong request does not open', async () => {
    const wrong = fails(Infinity, status.INVALID_ARGUMENT)
    const down = fails(Infinity, status.UNAVAILABLE)
    const name = 'grpcClient.test'
    const { rpc } = await joined({ ask: wrong.ask, list: down.list }, { name })
    for (let n = 0; n < 6; n++) {
      await rpc.ask(ask()).catch(() => undefined)
      await rpc
        .list(ask())
        .next()
        .catch(() => undefined)
    }

    const circuit = (method: string) => breaker(`${name}/holdfast.test.Asking/${method}`).status().is
    expect([circuit('Ask'), circuit('List')]).toEqual(['closed', 'open'])
  })

  it('takes a pipeline for each method', async () => {
    const paths: string[] = []
    await joined(echo, {
      pipeline(path: string) {
        paths.push(path)
        return wrap()
      },
    })

    expect(paths.map((path) => path.split('/')[2])).toEqual(['Ask', 'List', 'Gather', 'Talk'])
  })

  it('hedges, and lets the slower one go', async () => {
    const gone = Promise.withResolvers<void>()
    let calls = 0
    const { rpc } = await joined(
      {
        ask(call: Asked, answer: Answer) {
          if (++calls > 1) answer(null, 'second')
          else call.on('cancelled', gone.resolve)
        },
      },
      { pipeline: wrap(hedge({ delay: 20 })), idempotent: ['ask'] },
    )

    expect(await rpc.ask(ask())).toBe('second')
    await gone.promise
  })

  it('has grpc-js try streams again that have not answered, only those that may be done twice', async () => {
    const streamRetries = { is: 'retry', attempts: 3, backoff: { initial: 1, max: 5 } } as const
    const twice = await joined(fails(2, status.UNAVAILABLE), { streamRetries, idempotent: ['list'] })
    const once = await joined(fails(2, status.UNAVAILABLE), { streamRetries, idempotent: ['ask'] })

    expect(await twice.rpc.list(ask()).next()).toMatchObject({ value: '3' })
    await expect(once.rpc.list(ask()).next()).rejects.toMatchObject({ class: 'transient' })
  })

  it('has grpc-js hedge streams, after as many ms as is said', async () => {
    let calls = 0
    const { rpc } = await joined(
      {
        list(call: ServerWritableStream<Ask, string>) {
          if (++calls === 1) return
          call.write('second')
          call.end()
        },
      },
      { streamRetries: { is: 'hedge', attempts: 2, after: 30 }, idempotent: ['list'] },
    )

    expect(await rpc.list(ask()).next()).toMatchObject({ value: 'second' })
    expect(calls).toBe(2)
  })

  it('fails at once without a connection, or waits for one', async () => {
    const address = `127.0.0.1:${await freePort()}`
    await using client = grpcClient(askingService, { address, pipeline: wrap(timeout(5_000)) })
    await expect(client.rpc.ask(ask())).rejects.toMatchObject({
      class: 'unsent',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    const waits = client.rpc.ask(ask('waited'), { waitForReady: true })
    await using _ = await grpcServer({ address, services: [{ service: askingService, handlers: echo }] })

    expect(await waits).toBe('waited')
  })

  it('waits for a connection again after a time-out, whatever it asks for: nothing was sent', async () => {
    const address = `127.0.0.1:${await freePort()}`
    const again = retry({ attempts: 500, backoff: { initial: 1, max: 1 }, name: 'waits' })
    await using client = grpcClient(askingService, { address, pipeline: wrap(again, timeout(200)) })
    const twice = new Promise<void>((resolve) => {
      const stop = events.on((event) => {
        if (event.type !== 'retry.waited' || event.policy !== 'waits' || event.attempt < 2) return
        stop()
        resolve()
      })
    })
    const waits = client.rpc.ask(ask('waited'), { waitForReady: true })
    await Promise.race([twice, waits])
    await using _ = await grpcServer({ address, services: [{ service: askingService, handlers: echo }] })

    expect(await waits).toBe('waited')
  })

  it('never tells the metadata that cannot be sent', async () => {
    const { rpc } = await joined(echo, { pipeline: wrap() })
    const failure = await rpc.ask(ask(), { metadata: { authorization: 's3cret\n' } }).catch((error) => error)

    expect(failure).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('metadata.authorization'),
    })
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain('s3cret')
  })

  it('tells an answer that cannot be read from one that did not come', async () => {
    const { address } = await joined(echo)
    const unreadable = {
      ask: {
        ...askingService.ask,
        responseDeserialize(): string {
          throw new Error('no such field')
        },
      },
    }
    await using client = grpcClient(unreadable, { address, pipeline: wrap() })

    await expect(client.rpc.ask(ask())).rejects.toMatchObject({ class: 'permanent' })
  })

  it('refuses what it cannot work with', async () => {
    const address = '127.0.0.1:1'
    expect(() => grpcClient({}, { address })).toThrow('grpc: service must be')
    expect(() => grpcClient(askingService, { address: '' })).toThrow('grpcClient.address must be')
    expect(() => grpcClient(askingService, { address, idempotent: ['aks'] })).toThrow(
      'any of ask, list, gather, talk',
    )
    expect(() => grpcClient(askingService, { address, reconnect: { initial: 5, max: 1 } })).toThrow(
      'reconnect must be',
    )
    expect(() => grpcClient(askingService, { address, keepalive: { every: 5, within: 1 } })).toThrow(
      'keepalive.every must be',
    )
  })

  it('makes a thousand calls at once, and keeps none', async () => {
    const { rpc } = await joined(echo, { pipeline: wrap(timeout(5_000)) })
    const texts = Array.from({ length: 1_000 }, (_, at) => String(at))

    expect(await Promise.all(texts.map((text) => rpc.ask(ask(text))))).toEqual(texts)
  })

  it('lets go of what is under way when it is closed, says so, and refuses what comes after', async () => {
    const begun = Promise.withResolvers<void>()
    const { rpc, close } = await joined({ ask: () => begun.resolve() }, { pipeline: wrap(retry(quick)) })
    const under = rpc.ask(ask(), { idempotent: true }).catch((error) => error)
    await begun.promise
    await close()
    await close()

    expect(await under).toMatchObject({ code: 'GRPC_LET_GO', class: 'cancelled' })
    await expect(rpc.ask(ask())).rejects.toMatchObject({
      code: 'GRPC_CLOSED',
      class: 'permanent',
      retryable: false,
    })
    await expect(rpc.list(ask()).next()).rejects.toMatchObject({ code: 'GRPC_CLOSED' })
  })

  it('leaves no socket and no timer behind', async () => {
    const held = () =>
      process.getActiveResourcesInfo().filter((each) => /TCP|Timeout|HTTP2/i.test(each)).length
    const before = held()
    const client = await joined(echo, { health: true, pipeline: wrap(timeout(5_000)) })
    await client.rpc.ask(ask())
    await client.close()
    await client.server.close(0)

    await vi.waitUntil(() => held() <= before)
  })

  it('keeps no process alive that has nothing more to do, closed or not', async () => {
    const { address } = await joined(echo)
    const program = `
      import { grpcClient } from '@holdfast/transport/grpc'
      const json = { requestSerialize: (v) => Buffer.from(JSON.stringify(v)), responseDeserialize: (b) => JSON.parse(b) }
      const service = { ask: { path: '/holdfast.test.Asking/Ask', requestStream: false, responseStream: false, ...json } }
      const client = grpcClient(service, { address: '${address}' })
      console.log(await client.rpc.ask({ does: 'echo', text: 'heard' }))`
    const args = ['--conditions=@holdfast/source', '--input-type=module', '--eval', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })

    expect(stdout).toBe('heard\n')
  })

  it('works with what proto-loader and generators of code make, typed by hand', async () => {
    const loaded = loadPackageDefinition(fromJSON(kernel as Parameters<typeof fromJSON>[0])) as unknown as {
      kernel: { Kernel: ServiceClientConstructor }
    }
    const { Kernel } = loaded.kernel
    interface Size {
      readonly size: number
    }
    const handlers = {
      Grow: ({ request }: ServerUnaryCall<Size, Size>, answer: sendUnaryData<Size>) =>
        answer(null, { size: request.size + 1 }),
      Count(call: ServerWritableStream<Size, Size>) {
        for (let size = 0; size < call.request.size; size++) call.write({ size })
        call.end()
      },
    }
    await using server = await grpcServer({
      address: '127.0.0.1:0',
      services: [{ service: Kernel, handlers }],
    })
    await using client = grpcClient<{ grow: UnaryCall<Size, Size>; Count: ServerStreamCall<Size, Size> }>(
      Kernel,
      {
        address: `127.0.0.1:${server.port}`,
      },
    )
    const sizes: number[] = []
    for await (const { size } of client.rpc.Count({ size: 3 })) sizes.push(size)

    expect(await client.rpc.grow({ size: 1 })).toEqual({ size: 2 })
    expect(sizes).toEqual([0, 1, 2])
    expect(server.health.status('kernel.Kernel')).toBe('SERVING')
  })
})

/** What pbjs makes of a .proto file. */
const kernel = {
  nested: {
    kernel: {
      nested: {
        Size: { fields: { size: { type: 'int32', id: 1 } } },
        Kernel: {
          methods: {
            Grow: { requestType: 'Size', responseType: 'Size' },
            Count: { requestType: 'Size', responseType: 'Size', responseStream: true },
          },
        },
      },
    },
  },
}
