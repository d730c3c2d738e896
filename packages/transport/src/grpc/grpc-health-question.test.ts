import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import { freePort } from '../testing/index.ts'
import { grpcHealthQuestion } from './grpc-health-question.ts'
import { grpcServer } from './grpc-server.ts'

const asking = {
  service: askingService,
  handlers: { ask: (_: unknown, answer: (error: null, text: string) => void) => answer(null, '') },
}

describe('grpcHealthQuestion', () => {
  it('tells what the health service says', async () => {
    await using server = await grpcServer({ address: '127.0.0.1:0', services: [asking] })
    const ask = grpcHealthQuestion(`127.0.0.1:${server.port}`)

    expect(await ask()).toEqual({ is: 'told', status: 'SERVING' })
    server.health.set('', false)
    expect(await ask()).toEqual({ is: 'told', status: 'NOT_SERVING' })
  })

  it('tells a server without a health service from no server', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '12' }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo

    expect(await grpcHealthQuestion(`127.0.0.1:${port}`)()).toEqual({ is: 'answered' })
    expect(await grpcHealthQuestion(`127.0.0.1:${await freePort()}`)()).toEqual({
      is: 'away',
      why: expect.stringContaining('ECONNREFUSED'),
    })
    server.close()
  })
})
