import { describe, expect, it } from 'vitest'
import { gatewayServer, quickPolicy, rawProvider } from './testing/index.ts'
import { leavingClients } from './testing/leaving-clients.ts'

const patient = {
  ...quickPolicy,
  timeout: { firstToken: 600_000, headers: 600_000, idle: 600_000, total: 600_000 },
}

describe('a client that goes away', () => {
  it('frees every upstream that is asked for it, whichever byte was its last', async () => {
    const { counts, hedged } = await leavingClients(120, 1)

    expect(hedged).toBeGreaterThan(20)
    for (const each of counts)
      expect(each).toMatchObject({ cancelled: each.requests, failed: 0, answered: {} })
  })

  it('frees the upstream before there is any answer', async () => {
    const asked: (() => void)[] = []
    await using provider = await rawProvider(() => asked.shift()?.())
    await using door = await gatewayServer({
      upstreams: { leaving: { dialect: 'openai', url: provider.url, policy: patient, streams: true } },
      chains: { default: ['leaving'] },
    })
    for (const stream of [true, false]) {
      const there = Promise.withResolvers<void>()
      asked.push(there.resolve)
      const client = new AbortController()
      const gone = fetch(`${door.url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'default', stream, messages: [{ role: 'user', content: 'hi' }] }),
        signal: client.signal,
      })
      await there.promise
      client.abort()
      await expect(gone).rejects.toThrow()
      await provider.drained()
    }
    expect(door.gateway.status().inFlight).toBe(0)
  })
})
