import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import { timeout, wrap } from '@holdfast/policy'
import { generate } from 'selfsigned'
import { describe, expect, it } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import type { Ask } from '../testing/index.ts'
import { grpcClient } from './grpc-client.ts'
import { grpcHealthProbe } from './grpc-health-probe.ts'
import { grpcServer } from './grpc-server.ts'
import type { ClientTls, ServerTls } from './tls.ts'

interface Identity {
  readonly cert: string
  readonly key: string
}

const authority = await identity('an authority', true)
const stranger = await identity('a stranger', true)
const host = await identity('localhost', false, authority)
const me = await identity('me', false, authority)

async function identity(name: string, cA: boolean, by?: Identity): Promise<Identity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(by && { ca: by }),
    extensions: [
      { name: 'basicConstraints', cA, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name.replaceAll(' ', '-') }] },
    ],
  })
  return { cert, key }
}

const ask = ({ request }: ServerUnaryCall<Ask, string>, answer: sendUnaryData<string>) =>
  answer(null, request.text)

/** What a client hears of a server. */
async function heard(tls: ServerTls, as: ClientTls | boolean): Promise<unknown> {
  const services = [{ service: askingService, handlers: { ask } }]
  await using server = await grpcServer({ address: '127.0.0.1:0', services, tls })
  const address = `localhost:${server.port}`
  await using client = grpcClient(askingService, { address, tls: as, pipeline: wrap(timeout(5_000)) })
  return await client.rpc.ask({ does: 'echo', text: 'heard' }).catch((error) => error)
}

describe('ServerTls and ClientTls', () => {
  const { cert: ca } = authority

  it('are heard through one another, either way', async () => {
    expect(await heard(host, { ca })).toBe('heard')
    expect(await heard({ ...host, ca }, { ca, ...me })).toBe('heard')
  })

  it.each([
    ['whom it does not trust', host, { ca: stranger.cert }],
    ['nobody it knows', host, true],
    ['of another name', me, { ca }],
  ] as const)('are permanent, with what to see to, for a server %s', async (_, server, client) => {
    const failure = await heard(server, client)

    expect(failure).toMatchObject({ class: 'permanent', code: 'GRPC_TLS', retryable: false })
    expect((failure as Error).message).toMatch(/no secure connection, .*(certificate|altnames)/)
  })

  it('take the name of the other side as it is given', async () => {
    expect(await heard(me, { ca, serverName: 'me' })).toBe('heard')
  })

  it('let nobody in who shows no certificate, or another one', async () => {
    for (const client of [{ ca }, { ca, ...stranger }])
      expect(await heard({ ...host, ca }, client)).not.toBe('heard')
  })

  it('refuse a certificate without its key', () => {
    expect(() => grpcClient(askingService, { address: 'localhost:1', tls: { cert: me.cert } })).toThrow(
      'tls.key must be',
    )
  })

  it('are what a probe has, too', async () => {
    const services = [{ service: askingService, handlers: { ask } }]
    await using server = await grpcServer({ address: '127.0.0.1:0', services, tls: host })

    expect(await grpcHealthProbe(`localhost:${server.port}`, { tls: { ca } })()).toBe(true)
    expect(await grpcHealthProbe(`localhost:${server.port}`)()).toBe(false)
  })
})
