import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js'
import { timeout, wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import type { Ask } from '../testing/index.ts'
import { grpcClient } from './grpc-client.ts'
import { grpcServer } from './grpc-server.ts'

const handlers = {
  async ask({ request }: ServerUnaryCall<Ask, string>, answer: sendUnaryData<string>) {
    if (request.text === 'reject') throw new Error('password is hunter2')
    answer(null, request.text)
    if (request.text === 'twice') answer(null, 'again')
    if (request.text === 'late') throw new Error('after its answer')
  },
  list(call: ServerWritableStream<Ask, string>) {
    if (call.request.text === 'throw') throw new Error('password is hunter2')
    return Promise.reject(new Error('password is hunter2'))
  },
}

describe('guardedHandlers', () => {
  it('answer once, whether they throw, reject or answer twice, and keep to themselves what it was', async () => {
    const services = [{ service: askingService, handlers: handlers as never }]
    await using server = await grpcServer({ address: '127.0.0.1:0', services })
    const address = `127.0.0.1:${server.port}`
    await using client = grpcClient(askingService, { address, pipeline: wrap(timeout(5_000)) })
    const { rpc } = client
    const unknown = { grpcStatus: status[status.UNKNOWN], details: 'the handler failed' }
    const ask = (text: string): Ask => ({ does: 'echo', text })

    await expect(rpc.ask(ask('reject'))).rejects.toMatchObject(unknown)
    await expect(rpc.list(ask('throw')).next()).rejects.toMatchObject(unknown)
    await expect(rpc.list(ask('reject')).next()).rejects.toMatchObject(unknown)
    for (const text of ['twice', 'late', 'once']) expect(await rpc.ask(ask(text))).toBe(text)
  })
})
