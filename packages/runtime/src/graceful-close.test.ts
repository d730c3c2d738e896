import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { gracefulClose } from './graceful-close.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
const large = 30_000_000

/** A server on a clock of its own, and clients who say what they like. */
async function serving(handle: RequestListener) {
  const clock = fakeClock()
  const server = createServer(handle)
  const close = gracefulClose(server, { clock })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = async () => {
    const accepted = once(server, 'connection')
    const socket = connect(port, '127.0.0.1')
    await accepted
    let text = ''
    socket.on('data', (piece) => (text += piece.toString('latin1')))
    const said = async (what: string): Promise<string> => {
      while (!text.includes(what)) await once(socket, 'data')
      return text
    }
    return { socket, said, ended: ended(socket).then(() => text) }
  }
  const refused = () => once(connect(port, '127.0.0.1'), 'error').then(([error]) => error.code)
  /** Lets time pass, and what has come by then be read. */
  const pass = async (ms: number) => {
    await clock.advance(ms)
    await new Promise(setImmediate)
  }
  return { close, client, refused, pass }
}

function ended(socket: Socket): Promise<unknown> {
  return new Promise((resolve, reject) => socket.once('error', reject).once('close', resolve))
}

describe('gracefulClose', () => {
  it('answers on connections that were made before, new ones and old ones, and then ends them (I1, I2)', async () => {
    const { close, client, refused } = await serving(({ url }, response) => response.end(`<${url}>`))
    const [fresh, used] = [await client(), await client()]
    used.socket.write(get('/first'))
    await used.said('</first>')

    const closed = close()
    expect(await refused()).toBe('ECONNREFUSED')
    fresh.socket.write(get('/new'))
    used.socket.write(get('/second'))

    for (const [each, path] of [
      [fresh, '/new'],
      [used, '/second'],
    ] as const)
      expect(await each.ended).toMatch(new RegExp(`connection: close\r\n[^<]*<${path}>$`, 'i'))
    await closed
  })

  it('ends who asks nothing after a while, and lets who has begun to ask go on (I3)', async () => {
    const { close, client, pass } = await serving((_, response) => response.end('<answer>'))
    const [silent, slow] = [await client(), await client()]
    slow.socket.write('GET / HTTP/1.1\r\n')

    const closed = close()
    await pass(250)
    expect(await silent.ended).toBe('')
    slow.socket.write('host: x\r\n\r\n')

    expect(await slow.ended).toContain('<answer>')
    await closed
  })

  it('cuts no answer that is not written yet, and ends its connection after it (I3)', async () => {
    const written = Promise.withResolvers<void>()
    const { close, client, pass } = await serving((_, response) => {
      response.once('close', written.resolve)
      response.writeHead(200, { 'content-length': large }).end(Buffer.alloc(large))
    })
    const reader = await client()
    reader.socket.write(get('/'))
    await reader.said('\r\n\r\n')
    reader.socket.pause()

    const closed = close()
    await pass(250)
    reader.socket.resume()
    await written.promise
    await pass(250)

    expect((await reader.ended).length).toBeGreaterThan(large)
    await closed
  })

  it('answers who asks again after a stream that had begun before it closed (I3)', async () => {
    const stream = Promise.withResolvers<ServerResponse>()
    const { close, client, pass } = await serving(({ url }, response) => {
      if (url !== '/stream') return void response.end('<answer>')
      response.writeHead(200).write('<begun>')
      stream.resolve(response)
    })
    const one = await client()
    one.socket.write(get('/stream'))
    await one.said('<begun>')

    const closed = close()
    await pass(250)
    const streamed = await stream.promise
    const written = once(streamed, 'close')
    streamed.end('<ended>')
    await one.said('<ended>')
    await written
    one.socket.write(get('/next'))

    expect(await one.ended).toMatch(/<ended>[^<]*connection: close[^<]*<answer>$/i)
    await closed
  })

  it('ends all when its patience is over (I1)', async () => {
    const { close, client, pass } = await serving(() => {})
    const [hanging, half] = [await client(), await client()]
    hanging.socket.write(get('/'))
    half.socket.write('GET / HT')

    const closed = Promise.all([close(), close()])
    await pass(3_000)

    await Promise.allSettled([hanging.ended, half.ended])
    await closed
  })
})
