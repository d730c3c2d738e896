import { type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import { heardLegs } from '../testing/heard-legs.ts'
import type { Ask } from '../testing/index.ts'
import { grpcClient } from './grpc-client.ts'
import { grpcServer } from './grpc-server.ts'

describe('gRPC legs', () => {
  it('are each attempt at a method and each one that is handled, with the status', async () => {
    using heard = heardLegs()
    const seen: unknown[] = []
    const note = (leg: unknown) => void seen.push([leg, heard.inside])
    const handlers = {
      ask(call: ServerUnaryCall<Ask, string>, answer: sendUnaryData<string>) {
        note(call.metadata.get('x-leg')[0])
        const code = status[call.request.text as keyof typeof status] ?? status.OK
        if (code === status.OK) answer(null, 'yes')
        else answer({ code, details: 'hunter2' })
      },
    }
    await using server = await grpcServer({
      address: '127.0.0.1:0',
      services: [{ service: askingService, handlers }],
    })
    await using client = grpcClient(askingService, { address: `127.0.0.1:${server.port}`, pipeline: wrap() })
    const ask = (text: string) => client.rpc.ask({ does: 'echo', text })
    expect(await ask('')).toBe('yes')
    for (const text of ['UNAVAILABLE', 'NOT_FOUND']) await expect(ask(text)).rejects.toThrow()

    const method = { 'rpc.system.name': 'grpc', 'rpc.method': 'holdfast.test.Asking/Ask' }
    const where = { 'server.address': '127.0.0.1', 'server.port': server.port }
    const client_ = ['client', 'holdfast.test.Asking/Ask', { ...method, ...where }]
    const server_ = ['server', 'holdfast.test.Asking/Ask', method]
    expect(heard.all.map(({ kind, name, attributes }) => [kind, name, attributes])).toEqual([
      ...[client_, server_, client_, server_, client_, server_],
    ])
    expect(seen).toEqual([
      ['0', 1],
      ['2', 3],
      ['4', 5],
    ])
    const code = 'rpc.response.status_code'
    expect(
      heard.all.map(({ end }) => [end?.is, end?.attributes?.[code], end?.attributes?.['error.type']]),
    ).toEqual([
      ['done', 'OK', undefined],
      ['done', 'OK', undefined],
      ['failed', 'UNAVAILABLE', 'UNAVAILABLE'],
      ['failed', 'UNAVAILABLE', 'UNAVAILABLE'],
      ['failed', 'NOT_FOUND', 'NOT_FOUND'],
      ['done', 'NOT_FOUND', undefined],
    ])
  })
})
