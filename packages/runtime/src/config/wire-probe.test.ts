import { grpcServer } from '@holdfast/transport/grpc'
import { freePort } from '@holdfast/transport/testing'
import { zeromqServer } from '@holdfast/transport/zeromq'
import { describe, expect, it } from 'vitest'
import { wireProbe } from './wire-probe.ts'

const write = (text: string): Buffer => Buffer.from(text)
const echo = {
  echo: {
    path: '/acme.Kernel/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: write,
    requestDeserialize: String,
    responseSerialize: write,
    responseDeserialize: String,
  },
} as const
const ask = (ready: string): Promise<void> => wireProbe(ready)!(new AbortController().signal)

describe('wireProbe', () => {
  it('asks the health service of a server, or of one of its services', async () => {
    await using server = await grpcServer({
      address: '127.0.0.1:0',
      services: [{ service: echo, handlers: { echo: () => undefined } }],
    })
    const place = `grpc://127.0.0.1:${server.port}`

    await ask(place)
    await ask(`${place}/acme.Kernel`)
    await expect(ask(`${place}/acme.Other`)).rejects.toThrow('SERVING')
    server.health.set('acme.Kernel', false)
    await expect(ask(`${place}/acme.Kernel`)).rejects.toThrow('SERVING')
  })

  it('says no of a server that is not there', async () => {
    await expect(ask(`grpc://127.0.0.1:${await freePort()}`)).rejects.toThrow('SERVING')
  })

  it('pings over ZeroMQ, and leaves when it is told to', async () => {
    await using server = await zeromqServer({ bind: 'tcp://127.0.0.1:*', handlers: {} })
    const leaving = new AbortController()
    const late = wireProbe(`zeromq:tcp://127.0.0.1:${await freePort()}`)!(leaving.signal)
    const left = expect(late).rejects.toThrow('enough')
    leaving.abort(new Error('enough'))

    await ask(`zeromq:${server.address}`)
    await left
  })

  it.each([
    'grpc://127.0.0.1',
    'grpc://127.0.0.1:0',
    'grpc:127.0.0.1:1',
    'zeromq:127.0.0.1:1',
    'zeromq:',
    'http:/',
  ])('knows no wire in %s', (ready) => {
    expect(wireProbe(ready)).toBeUndefined()
  })
})
