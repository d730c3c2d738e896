import { readdirSync } from 'node:fs'
import { timeout, wrap } from '@holdfast/policy'
import { zeromqClient, zeromqServer } from '@holdfast/transport/zeromq'
import { describe, expect, it } from 'vitest'

const pipeline = wrap(timeout(5_000))
const server = () =>
  zeromqServer({
    bind: 'tcp://127.0.0.1:*',
    handlers: { echo: (said) => said, hang: () => new Promise(() => undefined) },
  })

/** How many threads and files this process has. */
const held = () => ['task', 'fd'].map((kind) => readdirSync(`/proc/self/${kind}`).length)

describe('requests over ZeroMQ', () => {
  it('leave no socket in a state that refuses the next request, however they end', async () => {
    await using peer = server()
    await using client = zeromqClient({ connect: peer.address, pipeline })
    const leaving = new AbortController()
    const left = client.call('hang', 1, { signal: leaving.signal }).catch(() => 'left')
    await expect(client.call('nothing')).rejects.toMatchObject({ code: 'ZEROMQ_METHOD' })
    leaving.abort()

    expect([await left, await client.call('echo', 'next')]).toEqual(['left', 'next'])
    await peer.close({ within: 0 })
  })

  it('leave no context behind: a thousand clients have the threads and the files of one', async () => {
    await using peer = server()
    const clients = (count: number) =>
      Promise.all(
        Array.from({ length: count }, async () => {
          await using client = zeromqClient({ connect: peer.address, pipeline })
          await client.call('echo', 1)
        }),
      )
    await clients(1)
    const [threads = 0, files = 0] = held()
    for (let at = 0; at < 20; at++) await clients(50)
    await clients(1)

    // A socket that is closed is reaped by a thread of its context, in its own time.
    await expect.poll(() => held()[1]! - files, { timeout: 5_000 }).toBeLessThan(100)
    expect(held()[0]! - threads).toBeLessThan(5)
  })

  it('do not hang after one that ran out of time, nor take its answer', async () => {
    const late = Promise.withResolvers()
    await using peer = zeromqServer({
      bind: 'tcp://127.0.0.1:*',
      handlers: { late: () => late.promise, echo: (said) => said },
    })
    await using client = zeromqClient({ connect: peer.address, pipeline })
    await expect(client.call('late', 1, { within: 20 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
    late.resolve('stale')

    expect(await client.call('echo', 'fresh')).toBe('fresh')
  })

  it('are not cut off for leaving together, nor for being as large as they may', async () => {
    const largest = 1_000
    const handlers = { echo: (said: unknown) => said, fill: () => new Uint8Array(largest) }
    await using peer = zeromqServer({ bind: 'tcp://127.0.0.1:*', handlers, largest })
    await using client = zeromqClient({ connect: peer.address, pipeline: wrap(), largest })
    const many = Array.from({ length: 100 }, (_, n) => 'x'.repeat(n))

    expect(await Promise.all(many.map((text) => client.call('echo', text)))).toEqual(many)
    expect(await client.call<Uint8Array>('fill')).toHaveLength(largest)
    expect(await client.call<Uint8Array>('echo', new Uint8Array(largest - 13 - 4))).toHaveLength(983)
  })

  it('may be made, given up and closed all at once', async () => {
    await using peer = server()
    const client = zeromqClient({ connect: peer.address, pipeline })
    const ends = Array.from({ length: 200 }, (_, n) => {
      const leaving = new AbortController()
      const call = client.call(n % 3 === 0 ? 'hang' : 'echo', n, { signal: leaving.signal })
      if (n % 5 === 0) queueMicrotask(() => leaving.abort())
      return call.then(
        (value) => value === n,
        () => true,
      )
    })
    await client.call('echo', 'all have left')
    await Promise.all([client.close(), client.close()])

    expect((await Promise.all(ends)).every(Boolean)).toBe(true)
    expect(client.status()).toMatchObject({ is: 'closed', waiting: 0, sent: 0 })
    await peer.close({ within: 0 })
  })
})
