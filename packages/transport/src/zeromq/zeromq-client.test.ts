import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { retry, timeout, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { curveKeyPair, Router } from 'zeromq'
import { freePort } from '../testing/index.ts'
import { zeromqClient } from './zeromq-client.ts'
import { zeromqServer } from './zeromq-server.ts'

const bind = 'tcp://127.0.0.1:*'
const echo = { echo: (said: unknown) => said }
const bare = wrap(timeout(5_000))
/** Not every machine has both. */
const loopbacks = Object.values(networkInterfaces()).flatMap((found = []) =>
  found
    .filter(({ address }) => address === '127.0.0.1' || address === '::1')
    .map(({ address }) => (address === '::1' ? '[::1]' : address)),
)

describe('zeromqClient', () => {
  it.each(loopbacks)('reaches a peer at %s', async (host) => {
    await using peer = zeromqServer({ bind: `tcp://${host}:*`, handlers: echo })
    await using asking = zeromqClient({ connect: peer.address, pipeline: bare })

    expect(await asking.call('echo', host)).toBe(host)
  })

  it('hands over bytes as bytes, nothing as nothing, and the rest as JSON', async () => {
    await using server = zeromqServer({ bind, handlers: echo })
    await using client = zeromqClient({ connect: server.address })
    const bytes = Uint8Array.from({ length: 300 }, (_, at) => at % 256)

    expect(Buffer.from(await client.call<Uint8Array>('echo', bytes)).equals(bytes)).toBe(true)
    for (const said of [undefined, null, 0, '', 'ü 🙂', { a: [1, { b: false }] }])
      expect(await client.call('echo', said)).toEqual(said)
  })

  it('refuses at once what cannot travel', async () => {
    await using client = zeromqClient({ connect: 'tcp://127.0.0.1:1', largest: 1_000 })
    const circle: Record<string, unknown> = {}
    circle['self'] = circle

    for (const said of [circle, 1n, () => 1, new Float64Array(2), 'x'.repeat(1_000)])
      await expect(client.call('echo', said)).rejects.toMatchObject({
        code: 'ZEROMQ_PAYLOAD',
        class: 'permanent',
      })
    await expect(client.call('')).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(client.call('m'.repeat(256))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('refuses options that make no sense, and shows no key', () => {
    const key = 'k'.repeat(40)
    const wrong = [
      { connect: 'http://127.0.0.1:1' },
      { connect: 'tcp://127.0.0.1:1', highWater: 0 },
      { connect: 'tcp://127.0.0.1:1', heartbeat: -1 },
      { connect: 'tcp://127.0.0.1:1', curve: { serverKey: key, publicKey: key, secretKey: 'my-secret' } },
    ]

    for (const options of wrong)
      expect(() => zeromqClient(options)).toThrow(/^(?!.*my-secret).*zeromqClient\./)
  })

  it('refuses as unsent what its room does not hold', async () => {
    await using client = zeromqClient({
      connect: `tcp://127.0.0.1:${await freePort()}`,
      highWater: 2,
      pipeline: bare,
    })
    const waiting = [client.call('a'), client.call('b')].map((call) => call.catch((error) => error))

    await expect(client.call('c')).rejects.toMatchObject({
      code: 'ZEROMQ_FULL',
      class: 'unsent',
      retryable: true,
    })
    expect(client.status()).toMatchObject({ is: 'apart', waiting: 2 })
    await client.close()
    expect(await Promise.all(waiting)).toMatchObject([{ code: 'ZEROMQ_CLOSED' }, { code: 'ZEROMQ_CLOSED' }])
  })

  it('forgets what is given up before there is a peer', async () => {
    const port = await freePort()
    await using client = zeromqClient({ connect: `tcp://127.0.0.1:${port}`, pipeline: bare })
    const given = new AbortController()
    const done: unknown[] = []
    const up = client.call('note', 'given up', { signal: given.signal })
    given.abort(new Error('enough'))
    await expect(up).rejects.toThrow('enough')
    const stays = client.call('note', 'stays')
    await using _ = zeromqServer({
      bind: `tcp://127.0.0.1:${port}`,
      handlers: { note: (said) => void done.push(said) },
    })
    await stays

    expect(done).toEqual(['stays'])
    expect(client.status()).toMatchObject({ is: 'joined', waiting: 0, sent: 0 })
  })

  it('limits a call that nobody else limits', async () => {
    const clock = fakeClock()
    await using client = zeromqClient({
      connect: 'tcp://127.0.0.1:1',
      pipeline: wrap(retry({ attempts: 1, clock })),
      longest: 70,
      clock,
    })
    const call = client.call('echo').catch((error) => error)
    await clock.advance(71)

    expect(await call).toMatchObject({ class: 'timeout', retryable: false })
    expect(client.status()).toMatchObject({ waiting: 0 })
  })

  it('answers a ping without a handler, and fails it without a peer', async () => {
    await using server = zeromqServer({ bind, handlers: {} })
    await using client = zeromqClient({ connect: server.address })
    await using nobody = zeromqClient({ connect: 'tcp://127.0.0.1:1' })

    expect(await client.ping()).toBe(undefined)
    await expect(nobody.ping({ within: 30 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
  })

  it('counts what makes no sense, and goes on', async () => {
    const peer = new Router({ linger: 0 })
    await peer.bind(bind)
    await using client = zeromqClient({ connect: peer.lastEndpoint!, pipeline: bare })
    const call = client.call('echo', 'said')
    const [caller, ask] = await peer.receive()
    for (const garbage of [
      '',
      'garbage',
      Buffer.from([0x48, 1, 9]),
      Buffer.concat([ask!, Buffer.from([1])]),
      ask!,
    ])
      await peer.send([caller!, garbage])
    await peer.send([caller!, 'two', 'frames'])
    const reply = Buffer.from(ask!)
    reply[2] = 2
    await peer.send([caller!, reply])

    expect(await call).toBe('said')
    expect(client.status().malformed).toBe(6)
    peer.close()
  })

  it('encrypts, and fails clearly with a key that is not the peer’s', async () => {
    const [server, other, own] = [curveKeyPair(), curveKeyPair(), curveKeyPair()]
    await using peer = zeromqServer({ bind, handlers: echo, curve: { secretKey: server.secretKey } })
    const client = (serverKey: string) =>
      zeromqClient({ connect: peer.address, pipeline: bare, curve: { ...own, serverKey } })
    await using right = client(server.publicKey)
    await using wrong = client(other.publicKey)
    await using plain = zeromqClient({ connect: peer.address, pipeline: bare })

    expect(await right.call('echo', 'secret')).toBe('secret')
    const refused = await wrong.call('echo', 'secret').catch((error: Error) => error)
    expect(refused).toMatchObject({ code: 'ZEROMQ_HANDSHAKE', class: 'unsent' })
    expect((refused as Error).message).not.toContain(other.publicKey)
    await expect(plain.call('echo')).rejects.toMatchObject({ code: 'ZEROMQ_HANDSHAKE', class: 'permanent' })
  })

  it('fails clearly where something else listens', async () => {
    const http = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    }).listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    await using client = zeromqClient({ connect: `tcp://127.0.0.1:${port}`, pipeline: bare })

    await expect(client.call('echo')).rejects.toMatchObject({ code: 'ZEROMQ_HANDSHAKE' })
    http.close()
  })

  it('connects again where libzmq would not: after a peer that broke the protocol', async () => {
    const port = await freePort()
    const { secretKey } = curveKeyPair()
    const address = `tcp://127.0.0.1:${port}`
    const other = zeromqServer({ bind: address, handlers: echo, curve: { secretKey } })
    await using client = zeromqClient({ connect: address, pipeline: bare })
    await expect(client.call('echo')).rejects.toMatchObject({ code: 'ZEROMQ_HANDSHAKE' })
    await other.close()
    await using _ = zeromqServer({ bind: address, handlers: echo })

    const stubborn = wrap(retry({ attempts: 500, backoff: { initial: 10, max: 10 }, when: () => true }))
    expect(await stubborn(() => client.call('echo', 'at last'))).toBe('at last')
  })

  it('leaves nothing behind when it is closed', async () => {
    await using server = zeromqServer({ bind, handlers: echo })
    const one = async () => {
      await using client = zeromqClient({ connect: server.address })
      await client.call('echo', 1)
    }
    await one()
    const before = { files: descriptors(), threads: readdirSync('/proc/self/task').length }
    for (let at = 0; at < 50; at++) await one()
    await using client = zeromqClient({ connect: server.address })
    await client.call('echo', 1)

    expect(descriptors()).toBeLessThan(before.files + 50)
    expect(readdirSync('/proc/self/task').length).toBeLessThan(before.threads + 5)
  })
})

/** How many files this process has open. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}
