import { fileURLToPath } from 'node:url'
import { timeout, wrap } from '@holdfast/policy'
import { traceId, withContext } from '@holdfast/policy/context'
import { describe, expect, it, vi } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import { freePort, peerProcess, workLog } from '../testing/index.ts'
import { grpcClient } from './grpc-client.ts'

const program = fileURLToPath(import.meta.resolve('../testing/grpc-chain.ts'))

describe('a call from A by B to C, three processes', () => {
  it('has one deadline, one trace and one end, and B says nothing of it', async () => {
    const [b, c] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
    using log = workLog()
    await using middle = peerProcess({ run: [program, b, log.file, c] })
    await using last = peerProcess({ run: [program, c, log.file] })
    await Promise.all([middle.start(), last.start()])
    await using client = grpcClient(askingService, { address: b, pipeline: wrap(timeout(5_000)) })
    const question = { does: 'echo', text: '' } as const
    // The first call connects A to B and B to C.
    await client.rpc.ask(question, { within: 1_000 }).catch(() => undefined)
    await vi.waitUntil(() => log.done('cancelled') > 0)
    const trace = { traceId: traceId(), spanId: '00f067aa0ba902b7', sampled: true }

    const asked = withContext({ trace, correlation: 'c-1' }, () => client.rpc.ask(question, { within: 200 }))
    await expect(asked).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
    await vi.waitUntil(() => log.done('cancelled') > 1 && log.done('aborted') > 1)

    expect(log.done('less than 200 ms')).toBe(1)
    expect(log.done(`for c-1 in ${trace.traceId}`)).toBe(1)
  })

  it('is over in C as soon as A has gone', async () => {
    const [b, c] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
    using log = workLog()
    await using middle = peerProcess({ run: [program, b, log.file, c] })
    await using last = peerProcess({ run: [program, c, log.file] })
    await Promise.all([middle.start(), last.start()])
    await using client = grpcClient(askingService, { address: b, pipeline: wrap() })
    const leaving = new AbortController()
    const left = client.rpc
      .ask({ does: 'echo', text: '' }, { signal: leaving.signal })
      .catch((error) => error)
    await vi.waitUntil(() => log.done('for undefined in undefined') > 0)
    leaving.abort()
    await vi.waitUntil(() => log.done('cancelled') > 0 && log.done('aborted') > 0)

    expect(await left).toMatchObject({ name: 'AbortError' })
  })
})
