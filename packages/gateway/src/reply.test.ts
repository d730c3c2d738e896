import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Reply } from './reply.ts'

const error = { message: 'no', type: 'server_error', code: 'x', param: null }
const server = createServer()
let client: Socket
let response: ServerResponse

beforeEach(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  ;[, response] = (await once(server, 'request')) as [unknown, ServerResponse]
})
afterEach(async () => {
  client.destroy()
  await new Promise((resolve) => server.close(resolve))
})

const everything = async (): Promise<string> => {
  let all = ''
  for await (const part of client.setEncoding('utf8')) all += part
  return all
}

describe('Reply', () => {
  it('breaks off with an error and an unfinished body (I2)', async () => {
    const reply = new Reply(response)
    reply.begin(200, { 'content-type': 'text/event-stream' })
    reply.write(Buffer.from('data: 1\n\n'))
    reply.breakOff(error)

    expect([reply.ended, reply.broken]).toEqual([true, true])
    const all = await everything()
    expect(all).toContain(`data: ${JSON.stringify({ error })}`)
    expect(all).not.toMatch(/\r\n0\r\n/)
  })

  it.each([
    ['after the end of an answer', (reply: Reply) => reply.send(200, {}, Buffer.alloc(64_000_000))],
    [
      'after an answer that broke off',
      (reply: Reply) => {
        reply.write(Buffer.alloc(64_000_000))
        reply.breakOff(error)
      },
    ],
  ])('lets a client go that does not read, %s (I3)', async (_, finish) => {
    const closed = once(response, 'close')
    finish(new Reply(response, {}, 50))

    await closed
    expect(response.socket?.destroyed ?? true).toBe(true)
    expect(response.writableFinished).toBe(false)
  })

  it('calls only the latest that waits for the client to catch up, once', async () => {
    const reply = new Reply(response)
    const resumed: number[] = []
    reply.write(Buffer.alloc(1_000_000))
    reply.drained(() => resumed.push(1))
    reply.drained(() => resumed.push(2))
    client.resume()
    await once(response, 'drain')
    reply.write(Buffer.alloc(1_000_000))
    await once(response, 'drain')

    expect(resumed).toEqual([2])
  })
})
