import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { identifyRefusals } from './identify-refusals.ts'

let server: Server
const served = async (handle: RequestListener = (_, response) => response.end('fine')): Promise<Socket> => {
  server = createServer({ maxHeaderSize: 4_096 }, handle)
  identifyRefusals(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return connect((server.address() as AddressInfo).port, '127.0.0.1')
}
const asked = async (request: string): Promise<string> => {
  const socket = await served()
  socket.write(request)
  return text(socket)
}
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const ids = /\r\nx-trace-id: [0-9a-f]{32}\r\nx-correlation-id: [0-9a-f-]{36}\r\n/i

describe('identifyRefusals', () => {
  it.each([
    ['400 Bad Request', 'no HTTP\r\n\r\n'],
    ['431 Request Header Fields Too Large', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(9_000)}\r\n\r\n`],
    ['417 Expectation Failed', 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: wonders\r\n\r\n'],
  ])('says who it was that got %s', async (status, request) => {
    const answer = await asked(request)

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`))
    expect(answer).toMatch(ids)
  })

  it('writes nothing into the middle of an answer', async () => {
    const socket = await served((_, response) => response.writeHead(200).write('half'))
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    const [half] = await once(socket, 'data')
    const rest = text(socket).catch(() => '')
    socket.write('no HTTP\r\n\r\n')

    expect(String(half)).toContain('200 OK')
    expect(await rest).not.toContain('400')
  })
})
