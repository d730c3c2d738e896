import { once } from 'node:events'
import { connect } from 'node:net'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { breaker, bulkhead, retry, timeout, wrap } from '@holdfast/policy'
import { context } from '@holdfast/policy/context'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WireFailure } from '../failure.ts'
import { askingService } from '../testing/grpc-asking.ts'
import { type Ask, freePort } from '../testing/index.ts'
import { type GrpcClientOptions, grpcClient } from './grpc-client.ts'
import { grpcHealthProbe } from './grpc-health-probe.ts'
import { type GrpcServerOptions, grpcServer } from './grpc-server.ts'
import { statusOf } from './status-of.ts'

type Asked = ServerUnaryCall<Ask, string>
type Answer = sendUnaryData<string>
const ask = (text = ''): Ask => ({ does: 'echo', text })
const echo = { ask: ({ request }: Asked, answer: Answer) => answer(null, request.text) }

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function served(handlers: object, options: Partial<GrpcServerOptions> = {}) {
  const services = [{ service: askingService, handlers: handlers as typeof echo }]
  const server = await grpcServer({ address: '127.0.0.1:0', services, ...options })
  const address = `127.0.0.1:${server.port}`
  open.push({ [Symbol.asyncDispose]: () => server.close(0) })
  const join = (given: Partial<GrpcClientOptions> = {}) => {
    const client = grpcClient(askingService, { address, pipeline: wrap(timeout(5_000)), ...given })
    open.push(client)
    return client
  }
  return { server, address, join }
}

/** A handler that holds each call until it is let go. */
function held() {
  const answers: Answer[] = []
  const begun: (() => void)[] = []
  return {
    answers,
    ask(_: Asked, answer: Answer) {
      answers.push(answer)
      for (const each of begun.splice(0)) each()
    },
    begun: () => new Promise<void>((resolve) => begun.push(resolve)),
  }
}

describe('grpcServer', () => {
  it('says at once that an address is taken', async () => {
    const { address } = await served(echo)

    await expect(
      grpcServer({ address, services: [{ service: askingService, handlers: echo }] }),
    ).rejects.toMatchObject({
      code: 'GRPC_LISTEN',
      message: `a gRPC server cannot listen on ${address}`,
    })
  })

  it('refuses what is no service', async () => {
    await expect(
      grpcServer({ address: '127.0.0.1:0', services: [{ service: {}, handlers: {} }] }),
    ).rejects.toThrow('grpc: service must be the definition of a service')
  })

  it('drains: says so, finishes what is under way, takes nothing new, and is gone', async () => {
    const handler = held()
    const { server, address, join } = await served(handler)
    const client = join({ health: true })
    await vi.waitUntil(() => client.health === 'SERVING')
    const under = client.rpc.ask(ask())
    await handler.begun()
    const closing = server.close(5_000)
    await vi.waitUntil(() => client.health !== 'SERVING')
    const refused = await join()
      .rpc.ask(ask())
      .catch((error) => error)
    handler.answers[0]!(null, 'done all the same')

    expect(await under).toBe('done all the same')
    await closing
    await server.close()
    expect(refused).toMatchObject({ class: 'unsent' })
    const [host, port] = address.split(':')
    const [error] = await once(connect(Number(port), host), 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('ends what is left when the time to drain is over', async () => {
    const handler = held()
    const { server, join } = await served(handler)
    const under = join()
      .rpc.ask(ask())
      .catch((error) => error)
    await handler.begun()
    await server.close(50)

    expect(await under).toMatchObject({ class: 'broken' })
  })

  it('replaces a connection that is old, and no call suffers', async () => {
    const { join } = await served(echo, { maxAge: { after: 30, grace: 1_000 } })
    const { rpc } = join()
    let streams = 0
    for (const until = performance.now() + 200; performance.now() < until; streams++) await rpc.ask(ask())

    expect(streams).toBeGreaterThan(0)
  })

  it('turns away what its admission does not let in, with RESOURCE_EXHAUSTED, health apart', async () => {
    const handler = held()
    const { address, join } = await served(handler, { admission: wrap(bulkhead({ limit: 1 })) })
    const { rpc } = join()
    const first = rpc.ask(ask())
    await handler.begun()

    await expect(rpc.ask(ask())).rejects.toMatchObject({
      class: 'throttled',
      grpcStatus: 'RESOURCE_EXHAUSTED',
    })
    expect(await grpcHealthProbe(address)()).toBe(true)
    handler.answers[0]!(null, 'first')
    expect(await first).toBe('first')
    const third = rpc.ask(ask())
    await handler.begun()
    handler.answers[1]!(null, 'third')
    expect(await third).toBe('third')
  })

  it('gives a place back when its caller goes, and counts failures where it lets in', async () => {
    const handler = held()
    const guard = breaker({ failures: 1, openFor: 60_000 })
    const { join } = await served(handler, { admission: wrap(bulkhead({ limit: 1 }), guard) })
    const { rpc } = join()
    const leaving = new AbortController()
    const left = rpc.ask(ask(), { signal: leaving.signal }).catch((error) => error)
    await handler.begun()
    leaving.abort()
    await left
    const next = await vi.waitUntil(async () => {
      const asked = rpc.ask(ask()).catch((error) => error)
      const begun = await Promise.race([handler.begun().then(() => true), asked.then(() => false)])
      return begun && { asked }
    })
    handler.answers[1]!({ code: status.INTERNAL })

    expect(await next.asked).toMatchObject({ class: 'transient' })
    await expect(rpc.ask(ask())).rejects.toMatchObject({
      grpcStatus: 'UNAVAILABLE',
      retryAfter: expect.any(Number),
    })
  })

  it('ends a call that its admission gives up, and what the handler has set off', async () => {
    const reason = Promise.withResolvers<unknown>()
    const { join } = await served(
      {
        ask() {
          const { signal } = context()
          signal?.addEventListener('abort', () => reason.resolve(signal.reason))
        },
      },
      { admission: wrap(timeout(30)) },
    )

    await expect(join().rpc.ask(ask())).rejects.toMatchObject({ grpcStatus: 'DEADLINE_EXCEEDED' })
    expect(await reason.promise).toMatchObject({ code: 'TIMEOUT' })
  })
})

describe('inContext', () => {
  it('aborts the signal of a handler whose caller goes, never that of one that has answered', async () => {
    const handlers: { readonly signal: AbortSignal; readonly answer: Answer }[] = []
    const begun = held()
    const { join } = await served({
      ask(call: Asked, answer: Answer) {
        handlers.push({ signal: context().signal!, answer })
        begun.ask(call, answer)
      },
    })
    const { rpc } = join()
    const leaving = new AbortController()
    const left = rpc.ask(ask(), { signal: leaving.signal }).catch(() => undefined)
    await begun.begun()
    const gone = once(handlers[0]!.signal, 'abort')
    leaving.abort()
    await Promise.all([left, gone])
    const stays = rpc.ask(ask())
    await begun.begun()
    handlers[1]!.answer(null, '')
    await stays
    const after = rpc.ask(ask())
    await begun.begun()
    handlers[2]!.answer(null, '')
    await after

    expect(handlers.map(({ signal }) => signal.aborted)).toEqual([true, false, false])
  })

  it('brings all four kinds of handlers what the call brought', async () => {
    const seen: unknown[] = []
    const see = () => seen.push([context().correlation, (context().deadline ?? 0) > 0])
    const { join } = await served({
      ask(_: Asked, answer: Answer) {
        see()
        answer(null, '')
      },
      list(call: { end(): void }) {
        see()
        call.end()
      },
      gather(call: NodeJS.ReadableStream, answer: Answer) {
        call.on('data', see).on('end', () => answer(null, ''))
      },
      talk(call: NodeJS.ReadWriteStream) {
        call.on('data', see).on('end', () => call.end())
      },
    })
    const { rpc } = join({ metadata: { 'x-correlation-id': 'c-7' } })
    await rpc.ask(ask())
    for await (const _ of rpc.list(ask()));
    await rpc.gather([ask()])
    for await (const _ of rpc.talk([ask()]));

    expect(seen).toEqual(Array.from({ length: 4 }, () => ['c-7', true]))
  })

  it('is not believed to have refused what its handler answered, whatever words that passes on', async () => {
    const { join } = await served({
      ask: (_: Asked, answer: Answer) =>
        answer({ code: status.UNAVAILABLE, details: 'Stream refused by server' }),
    })

    await expect(join().rpc.ask(ask())).rejects.toMatchObject({ class: 'transient', retryable: false })
  })
})

describe('statusOf', () => {
  it('says nothing of an error that is not ours', () => {
    expect(statusOf(new Error('password is hunter2'))).toMatchObject({
      code: status.UNKNOWN,
      details: 'the handler failed',
    })
  })

  it('does not say that nothing was done, since that is only known of what the handler asked for', async () => {
    let done = 0
    const full = wrap(bulkhead({ limit: 1 }))
    void full(() => new Promise(() => undefined))
    const refusals = [
      new WireFailure({ class: 'throttled', message: 'later', retryAfter: 5 }),
      new WireFailure({ class: 'unsent', message: 'nobody there' }),
      await full(() => 1).catch((error: unknown) => error),
    ]
    const { join } = await served({
      ask: (_: Asked, answer: Answer) => answer(statusOf(refusals[done++])),
    })
    const { rpc } = join({ pipeline: wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 } })) })

    for (const [at] of refusals.entries()) {
      await expect(rpc.ask(ask())).rejects.toMatchObject({ class: 'transient', retryable: false })
      expect(done).toBe(at + 1)
    }
  })
})

describe('grpcHealthProbe', () => {
  it('says yes only while what it asks for serves', async () => {
    const { server, address } = await served(echo)
    const [whole, kernel, other] = ['', 'holdfast.test.Asking', 'nobody.Here'].map((service) =>
      grpcHealthProbe(address, { service }),
    )

    expect(await Promise.all([whole!(), kernel!(), other!()])).toEqual([true, true, false])
    server.health.set('holdfast.test.Asking', false)
    expect(await Promise.all([whole!(), kernel!()])).toEqual([true, false])
  })

  it('says no of nobody, of who never answers, and for who leaves', async () => {
    const silent = new Server()
    silent.addService(
      { Check: { ...askingService.ask, path: '/grpc.health.v1.Health/Check', requestDeserialize: String } },
      { Check: () => {} },
    )
    const port = await new Promise<number>((resolve, reject) =>
      silent.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, found) =>
        error ? reject(error) : resolve(found),
      ),
    )
    open.push({ [Symbol.asyncDispose]: async () => silent.forceShutdown() })

    expect(await grpcHealthProbe(`127.0.0.1:${await freePort()}`)()).toBe(false)
    expect(await grpcHealthProbe(`127.0.0.1:${port}`, { within: 50 })()).toBe(false)
    expect(await grpcHealthProbe(`127.0.0.1:${port}`)(AbortSignal.timeout(20))).toBe(false)
    expect(await grpcHealthProbe(`127.0.0.1:${port}`)(AbortSignal.abort())).toBe(false)
  })
})

describe('a client that watches', () => {
  it('refuses calls as unsent while the other side does not serve, and makes them again when it does', async () => {
    const { server, join } = await served(echo)
    const client = join({ health: true })
    await vi.waitUntil(() => client.health === 'SERVING')
    server.health.set('holdfast.test.Asking', false)
    await vi.waitUntil(() => client.health === 'NOT_SERVING')

    await expect(client.rpc.ask(ask())).rejects.toMatchObject({
      code: 'GRPC_UNHEALTHY',
      class: 'unsent',
      retryable: true,
    })
    server.health.set('holdfast.test.Asking', true)
    await vi.waitUntil(() => client.health === 'SERVING')
    expect(await client.rpc.ask(ask('again'))).toBe('again')
  })

  it('takes a server without the health service for one that serves', async () => {
    const plain = new Server()
    plain.addService(askingService, echo)
    const port = await new Promise<number>((resolve) =>
      plain.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, found) => resolve(found)),
    )
    open.push({ [Symbol.asyncDispose]: async () => plain.forceShutdown() })
    const client = grpcClient(askingService, { address: `127.0.0.1:${port}`, health: true })
    open.push(client)
    await vi.waitUntil(() => client.health === 'untold')

    expect(await client.rpc.ask(ask('served'))).toBe('served')
  })

  it('finds a server again that was gone', async () => {
    const first = await served(echo)
    const client = first.join({ health: true })
    await vi.waitUntil(() => client.health === 'SERVING')
    await first.server.close(0)
    await vi.waitUntil(() => client.health === 'unknown')
    await served(echo, { address: first.address })
    await vi.waitUntil(() => client.health === 'SERVING', { timeout: 5_000 })

    expect(await client.rpc.ask(ask('again'))).toBe('again')
  })
})
