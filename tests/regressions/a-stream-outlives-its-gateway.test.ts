import { ask, askStream, fakeProvider, gatewayServer, quickPolicy } from '@holdfast/gateway/testing'
import { expect, it } from 'vitest'

// A gateway that was stopped or replaced closed what was longer than its patience without a word: the client could not know whose fault it was.
it('a stream, and a client that waits, are told when the gateway cannot wait for them any longer', async () => {
  await using provider = await fakeProvider()
  provider.next({ does: 'stall', after: 3 }, { does: 'stall' })
  await using door = await gatewayServer({
    upstreams: { slow: { dialect: 'openai', url: provider.url, policy: { ...quickPolicy, timeout: {} } } },
    chains: { default: ['slow'] },
  })
  const streamed = askStream(door.url)
  await provider.seen(1)
  const waited = ask(door.url)
  await provider.seen(2)
  await expect.poll(() => door.gateway.status().chains[0]!.links[0]!.firstToken).toBeDefined()
  door.gateway.leave()
  const [stream, whole] = [await streamed, await waited]

  expect(stream).toMatchObject({ done: false, broken: true, error: { code: 'stream_broke_off' } })
  expect(stream.text).toBe('The quick brown ')
  expect([whole.status, whole.headers.get('x-should-retry')]).toEqual([503, 'true'])
  expect(await whole.json()).toMatchObject({ error: { code: 'gateway_stopping' } })
  await Promise.all(provider.received.map(({ left }) => left))
})
