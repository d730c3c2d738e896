import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { systemClock as clock } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import type { AskAbout } from './ask.ts'
import { type Probe, probe } from './probe.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
const listening = async (server: Server, port = 0) => {
  servers.push(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const site = async (listener: RequestListener) => {
  const server = createServer(listener)
  return { server, url: `http://127.0.0.1:${await listening(server)}/health` }
}
const found = (ready: Probe | undefined) =>
  new Promise<void>((resolve) => {
    probe(ready, { clock, about, found: resolve })
  })
const about: AskAbout = { env: process.env }
const turn = () => new Promise(setImmediate)

describe('probe', () => {
  it('asks over http until the answer is 2xx', async () => {
    let asked = 0
    const { url } = await site((_, response) => {
      response.statusCode = ++asked < 3 ? 503 : 204
      response.end()
    })

    await found({ http: url })

    expect(asked).toBe(3)
  })

  it('asks over http until the answer is the one expected', async () => {
    let asked = 0
    const { url } = await site((_, response) => {
      response.statusCode = ++asked < 2 ? 200 : 401
      response.end()
    })

    await found({ http: url, expect: 401 })

    expect(asked).toBe(2)
  })

  it('leaves no connection open, even to an answer that never ends', async () => {
    const { server, url } = await site((_, response) => response.write('and so on'))
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'))

    await found({ http: url })

    await closed
  })

  it('asks over tcp until somebody listens', async () => {
    const port = await listening(createTcpServer())
    servers.splice(0)[0]?.close()
    const ready = found({ tcp: { host: '127.0.0.1', port } })
    await turn()
    const server = createTcpServer((socket) => socket.on('error', () => {}).resume())
    await listening(server, port)

    await ready
  })

  it.each(['ready on', /ready on \d+/])('finds the line %s, once', (line) => {
    let times = 0
    const probing = probe({ line }, { clock, about, found: () => times++ })
    for (const text of ['starting', 'server ready on 4700', 'server ready on 4700'])
      probing.heard(text, 'line')

    expect(times).toBe(1)
  })

  it('minds no place that an expression remembers from another start', () => {
    const line = /ready/g
    let times = 0
    for (let i = 0; i < 2; i++)
      probe({ line }, { clock, about, found: () => times++ }).heard('server ready', 'line')

    expect(times).toBe(2)
  })

  it('without a probe is ready when the loop has turned once, not before', async () => {
    let ready = false
    probe(undefined, { clock, about, found: () => (ready = true) })

    expect(ready).toBe(false)
    await turn()
    expect(ready).toBe(true)
  })

  it('finds nothing after it was cancelled', async () => {
    let times = 0
    const probings = [undefined, { line: 'up' }].map((ready) =>
      probe(ready, { clock, about, found: () => times++ }),
    )
    for (const probing of probings) probing.cancel()
    for (const probing of probings) probing.heard('up', 'line')
    await turn()

    expect(times).toBe(0)
  })

  it('leaves no timer and no connection behind when it is cancelled', async () => {
    const still = fakeClock()
    const { server, url } = await site(() => {})
    const connected = once(server, 'connection')
    const probing = probe({ http: url }, { clock: still, about, found: () => {} })
    const [socket] = await connected

    probing.cancel()
    await once(socket, 'close')
    await turn()

    expect(still.pending).toBe(0)
  })
})
