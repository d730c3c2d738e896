import { HoldfastError, timeout, wrap } from '@holdfast/policy'
import { context, withContext } from '@holdfast/policy/context'
import { describe, expect, it } from 'vitest'
import { Dealer } from 'zeromq'
import { z } from 'zod'
import { WireFailure } from '../failure.ts'
import { handle, TurnedAway } from './handle.ts'
import { encode, nothing } from './message.ts'
import { zeromqClient } from './zeromq-client.ts'
import { zeromqServer } from './zeromq-server.ts'

const bind = 'tcp://127.0.0.1:*'
const pipeline = wrap(timeout(5_000))
const forever = () => new Promise(() => undefined)

/** A handler that tells when it has begun, and of its signal. */
function held() {
  const begun = Promise.withResolvers<AbortSignal>()
  const go = Promise.withResolvers<unknown>()
  const handler = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
    begun.resolve(signal)
    return go.promise
  }
  return { handler, begun: begun.promise, go: go.resolve }
}

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)))

describe('zeromqServer', () => {
  it('gives a handler only what its schema lets through', async () => {
    const order = z.object({ id: z.number(), note: z.string().default('none') })
    await using server = zeromqServer({
      bind,
      handlers: { order: handle(order, ({ id, note }) => `${id} ${note}`) },
    })
    await using client = zeromqClient({ connect: server.address, pipeline })

    expect(await client.call('order', { id: 7 })).toBe('7 none')
    const refused = await client.call('order', { id: 'my-secret' }).catch((error: Error) => error)
    expect(refused).toMatchObject({ class: 'permanent', code: 'ZEROMQ_INPUT' })
    expect((refused as Error).message).toMatch(/^order was sent what it does not take: id: /)
  })

  it('tells what a failure means, and nothing that only it may know', async () => {
    const told: unknown[] = []
    await using server = zeromqServer({
      bind,
      handlers: {
        throttles: () => Promise.reject(new TurnedAway('later', 70)),
        fails: () => Promise.reject(new Error('password=hunter2')),
        late: () => wrap(timeout(1))(forever),
        passes: () => Promise.reject(new WireFailure({ class: 'unsent', message: 'no database' })),
        knows: () => Promise.reject(new HoldfastError('MINE', 'it is Sunday', 'Come back on Monday.')),
        odd: () => 1n,
      },
    })
    server.events.on((event) => told.push(event.method))
    await using client = zeromqClient({ connect: server.address, pipeline })
    const failure = (method: string) => client.call(method).catch((error) => error)

    expect(await failure('throttles')).toMatchObject({ class: 'throttled', message: 'later', retryAfter: 70 })
    expect(await failure('fails')).toMatchObject({ class: 'transient', message: 'fails failed' })
    expect(await failure('late')).toMatchObject({ class: 'timeout', code: 'TIMEOUT' })
    expect(await failure('passes')).toMatchObject({
      class: 'transient',
      message: 'no database',
      retryable: false,
    })
    expect(await failure('knows')).toMatchObject({
      class: 'transient',
      code: 'MINE',
      message: 'it is Sunday',
    })
    expect(await failure('odd')).toMatchObject({ class: 'permanent', code: 'ZEROMQ_PAYLOAD' })
    expect(await failure('unknown')).toMatchObject({ class: 'permanent', code: 'ZEROMQ_METHOD' })
    expect(told).toEqual(['throttles', 'fails', 'late', 'passes', 'knows', 'odd'])
  })

  it('refuses as throttled what is more than it may have at work', async () => {
    const { handler, begun, go } = held()
    await using server = zeromqServer({ bind, concurrency: 1, handlers: { handler } })
    await using client = zeromqClient({ connect: server.address, pipeline })
    const first = client.call('handler')
    await begun

    await expect(client.call('handler')).rejects.toMatchObject({
      class: 'throttled',
      code: 'ZEROMQ_BUSY',
      retryAfter: 50,
    })
    await client.ping()
    go('done')
    expect(await first).toBe('done')
    expect(server.status()).toMatchObject({ refused: 1, underWay: 0, callers: 0 })
  })

  it('tells a handler that its caller has given up', async () => {
    const { handler, begun, go } = held()
    await using server = zeromqServer({ bind, handlers: { handler } })
    await using client = zeromqClient({ connect: server.address, pipeline })
    const leaving = new AbortController()
    const call = client.call('handler', 1, { signal: leaving.signal }).catch(() => undefined)
    const reason = aborted(await begun)
    leaving.abort()
    await call

    expect(await reason).toMatchObject({ class: 'cancelled' })
    go('late')
  })

  it('tells a handler that its caller has gone, and the handlers of others nothing', async () => {
    const [mine, others] = [held(), held()]
    await using server = zeromqServer({ bind, handlers: { mine: mine.handler, others: others.handler } })
    await using stays = zeromqClient({ connect: server.address, pipeline })
    const goes = zeromqClient({ connect: server.address, pipeline })
    const left = goes.call('mine').catch((error) => error)
    const answered = stays.call('others')
    const reason = aborted(await mine.begun)
    const signal = await others.begun
    await goes.close()

    expect(await left).toMatchObject({ class: 'broken', code: 'ZEROMQ_CLOSED' })
    expect(await reason).toMatchObject({ class: 'cancelled' })
    expect(signal.aborted).toBe(false)
    others.go('still here')
    expect(await answered).toBe('still here')
    mine.go('late')
  })

  it('never begins what is taken back before its turn', async () => {
    const begun: unknown[] = []
    await using server = zeromqServer({ bind, handlers: { note: (said) => void begun.push(said) } })
    const stranger = new Dealer({ linger: 0 })
    stranger.connect(server.address)
    const ask = (id: number) =>
      ({
        kind: 'ask',
        id,
        method: 'note',
        envelope: '',
        body: { form: 'json', bytes: Buffer.from(String(id)) },
      }) as const
    const cancel = { kind: 'cancel', id: 1, method: '', envelope: '', body: nothing } as const
    await stranger.send(encode([ask(1), cancel, ask(2)]))
    await stranger.receive()

    expect(begun).toEqual([2])
    stranger.close()
  })

  it('counts what strangers send, and goes on', async () => {
    await using server = zeromqServer({ bind, handlers: { echo: (said) => said } })
    const stranger = new Dealer({ linger: 0 })
    stranger.connect(server.address)
    const random = Buffer.from(Array.from({ length: 64 }, (_, at) => (at * 97) % 256))
    const reply = encode([{ kind: 'reply', id: 1, method: '', envelope: '', body: nothing }])
    for (const garbage of [
      '',
      'GET / HTTP/1.1',
      random,
      Buffer.concat([Buffer.from([0x48, 1]), random]),
      reply,
    ])
      await stranger.send(garbage)
    await stranger.send(['', 'REQ', 'frames'])
    const odd = { kind: 'ask', method: 'echo', body: { form: 'json', bytes: Buffer.from('{') } } as const
    await stranger.send(
      encode([
        { ...odd, id: 1, envelope: '{"traceparent":{"length":1}}' },
        { ...odd, id: 1, envelope: '[' },
      ]),
    )
    await using client = zeromqClient({ connect: server.address, pipeline })
    await stranger.receive()

    expect(await client.call('echo', 'fine')).toBe('fine')
    expect(server.status()).toMatchObject({ malformed: 7, underWay: 0, callers: 0 })
    stranger.close()
  })

  it('runs handlers in the context of the call, which their own calls take further', async () => {
    await using last = zeromqServer({
      bind,
      handlers: { seen: () => ({ left: left(), correlation: context().correlation }) },
    })
    await using onward = zeromqClient({ connect: last.address, pipeline })
    await using first = withContext({ correlation: 'of whoever made the server' }, () =>
      zeromqServer({ bind, handlers: { ask: () => onward.call('seen'), none: () => context().correlation } }),
    )
    await using client = zeromqClient({ connect: first.address, pipeline })
    const seen = await withContext({ correlation: 'c-7' }, () =>
      client.call<{ left: number; correlation: string }>('ask', undefined, { within: 3_000 }),
    )

    expect(seen.correlation).toBe('c-7')
    expect(seen.left).toBeLessThanOrEqual(3_000)
    expect(await client.call('none')).toBe(undefined)
  })

  it('finishes what it has begun when it closes, and begins nothing more', async () => {
    const { handler, begun, go } = held()
    const server = zeromqServer({ bind, handlers: { handler } })
    await using client = zeromqClient({ connect: server.address, pipeline })
    const call = client.call('handler')
    await begun
    const closed = server.close()

    expect(server.status()).toMatchObject({ is: 'closing', underWay: 1 })
    await expect(client.call('handler')).rejects.toMatchObject({ class: 'unsent', code: 'ZEROMQ_CLOSING' })
    await expect(client.ping()).rejects.toMatchObject({ code: 'ZEROMQ_CLOSING' })
    go('finished')
    expect(await call).toBe('finished')
    await closed
    await server.close()
    expect(server.status().is).toBe('closed')
  })

  it('aborts what takes longer than it may when it closes, and says so', async () => {
    const { handler, begun } = held()
    const server = zeromqServer({ bind, handlers: { handler } })
    await using client = zeromqClient({ connect: server.address, pipeline })
    const call = client.call('handler').catch((error) => error)
    const reason = aborted(await begun)
    await server.close({ within: 10 })

    expect(await reason).toMatchObject({ code: 'ZEROMQ_CLOSING' })
    expect(await call).toMatchObject({ class: 'broken', code: 'ZEROMQ_CLOSING' })
  })

  it('gives its address free when it closes', async () => {
    const first = zeromqServer({ bind, handlers: {} })
    expect(() => zeromqServer({ bind: first.address, handlers: {} })).toThrow(/cannot bind .*EADDRINUSE/)
    await first.close()
    await zeromqServer({ bind: first.address, handlers: {} }).close()
  })
})

function left(): number {
  return (context().deadline ?? Infinity) - performance.now()
}
