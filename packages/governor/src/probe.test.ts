import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { systemClock as clock } from '@holdfast/policy'
import { afterEach, describe, expect, it } from 'vitest'
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
    probe(ready, { clock, found: resolve })
  })
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

  it('finds a line by its text or by an expression, whatever that remembers', async () => {
    for (const line of ['ready on', /ready on \d+/g]) {
      let times = 0
      for (let i = 0; i < 2; i++) {
        const probing = probe({ line }, { clock, found: () => times++ })
        probing.line('starting')
        probing.line('server ready on 4700')
        probing.line('server ready on 4700')
      }

      expect(times).toBe(2)
    }
  })

  it('without a probe is ready when the loop has turned once, not before', async () => {
    let ready = false
    probe(undefined, { clock, found: () => (ready = true) })

    expect(ready).toBe(false)
    await turn()
    expect(ready).toBe(true)
  })

  it('finds nothing after it was cancelled', async () => {
    let times = 0
    let open = () => {}
    const asked = new Promise<void>((resolve) => (open = resolve))
    const { server, url } = await site((_, response) => {
      open()
      response.end()
    })
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'))
    const probings = [undefined, { line: 'up' }, { http: url }].map((ready) =>
      probe(ready, { clock, found: () => times++ }),
    )
    await once(server, 'connection')
    for (const probing of probings.slice(1)) probing.cancel()
    probings[1]?.line('up')
    await closed
    await Promise.race([asked, turn()])

    expect(times).toBe(1)
  })
})
