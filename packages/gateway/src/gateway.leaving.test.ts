import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { gatewayServer, quickPolicy, rawAnswer, rawChunk, rawProvider } from './testing/index.ts'

const call = rawChunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"a"' } }] })
const answer = rawAnswer(
  ['content-type: text/event-stream', 'connection: close'],
  rawChunk({ role: 'assistant', content: '' }) + rawChunk({ content: 'Grüße 🦊' }).repeat(5) + call,
)
const patient = {
  ...quickPolicy,
  timeout: { firstToken: 600_000, headers: 600_000, idle: 600_000, total: 600_000 },
}

/** Asks, reads so many bytes of the answer, and is gone. */
async function leavesAfter(bytes: number, url: URL, stream: boolean): Promise<void> {
  const body = JSON.stringify({ model: 'default', stream, messages: [{ role: 'user', content: 'hi' }] })
  const socket = connect(Number(url.port), url.hostname)
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  let read = 0
  socket.on('data', (part) => {
    read += part.length
    if (read >= bytes) socket.destroy()
  })
  await once(socket, 'close')
}

describe('a client that goes away', () => {
  it('frees the upstream, whichever byte of the stream was its last', async () => {
    await using provider = await rawProvider((socket) => void socket.write(answer))
    await using door = await gatewayServer({
      upstreams: { leaving: { dialect: 'openai', url: provider.url, policy: patient } },
      chains: { default: ['leaving'] },
    })
    const url = new URL(door.url)
    for (let bytes = 1; bytes < 1_200; bytes += 60) await leavesAfter(bytes, url, true)
    await provider.drained()

    expect(provider.requests).toBe(20)
    expect(door.gateway.status().chains[0]!.counts).toMatchObject({ answered: {}, failed: 0 })
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
