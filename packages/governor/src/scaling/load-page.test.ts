import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadPage } from './load-page.ts'

const listening = async (answer: RequestListener, port = 0): Promise<Server> => {
  const server = createServer(answer).listen(port, '127.0.0.1')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return server
}
const portOf = (server: Server) => (server.address() as AddressInfo).port
const asked = { service: 'ai', replica: 1, pid: 7 }
const never = new AbortController().signal
const read = async (answer: RequestListener) => {
  const port = portOf(await listening(answer))
  return loadPage(`http://127.0.0.1:${port}/load?now`)(asked, never).catch((error: Error) =>
    error.message.replace(`${port}`, 'N'),
  )
}

describe('loadPage', () => {
  it('reads the page of a replica', async () => {
    expect(await read((_, answer) => answer.end('{"lag":3.1,"inFlight":12}'))).toEqual({
      lag: 3.1,
      inFlight: 12,
    })
    expect(await read(({ url }, answer) => answer.end(JSON.stringify({ url })))).toEqual({ url: '/load?now' })
  })

  it('asks the second replica at the next port', async () => {
    const second = await listening((_, answer) => answer.end('{"queue":2}'))
    const page = loadPage(`http://127.0.0.1:${portOf(second) - 1}/`)

    expect(await page({ ...asked, replica: 2 }, never)).toEqual({ queue: 2 })
  })

  it.each<[string, RequestListener, string]>([
    ['another status', (_, answer) => answer.writeHead(503).end('{}'), 'it answers 503'],
    ['what is no JSON', (_, answer) => answer.end('lag 3'), 'its load is not an object'],
    ['a list', (_, answer) => answer.end('[1]'), 'its load is not an object'],
    ['no number', (_, answer) => answer.end('{"lag":"3"}'), 'its lag is not a number of 0 or more'],
    [
      'less than nothing',
      (_, answer) => answer.end('{"queue":-1}'),
      'its queue is not a number of 0 or more',
    ],
    ['too much', (_, answer) => answer.end(' '.repeat(100_000)), 'its page is longer than 65536 bytes'],
    ['half of it', (_, answer) => answer.write('{"lag":', () => answer.destroy()), 'aborted'],
    ['nothing', (_, answer) => answer.destroy(), 'ECONNRESET'],
  ])('complains about %s', async (_, answer, complaint) => {
    expect(await read(answer)).toContain(`port N: ${complaint}`)
  })

  it('complains when nobody listens', async () => {
    const server = await listening(() => {})
    const port = portOf(server)
    server.close()
    await once(server, 'close')

    await expect(loadPage(`http://127.0.0.1:${port}/`)(asked, never)).rejects.toThrow(
      `port ${port}: ECONNREFUSED`,
    )
  })

  it('hangs up when nobody waits any more', async () => {
    const control = new AbortController()
    const server = await listening(({ socket }) => {
      socket.once('close', () => server.emit('left'))
      control.abort()
    })
    const left = once(server, 'left')

    await expect(loadPage(`http://127.0.0.1:${portOf(server)}/`)(asked, control.signal)).rejects.toThrow()
    await left
  })
})
