import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock, timeout, wrap } from '@holdfast/policy'
import { type Context, context, withContext } from '@holdfast/policy/context'
import { afterEach, describe, expect, it } from 'vitest'
import { resilientFetch } from './resilient-fetch.ts'
import { serving } from './serving.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function served(handler: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer(serving(handler)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ask = resilientFetch(wrap(timeout(5_000)), {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  open.push({
    async [Symbol.asyncDispose]() {
      await ask.close()
      server.close()
      server.closeAllConnections()
    },
  })
  return ask
}

const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true }

describe('serving', () => {
  it('runs a handler in the context of who asked', async () => {
    const seen: Context[] = []
    const ask = await served(async (_, response) => {
      seen.push(context())
      response.end()
    })
    const deadline = systemClock.now() + 2_000

    await withContext({ trace, correlation: 'c-1', deadline }, () => ask('/'))

    expect(seen).toMatchObject([{ trace, correlation: 'c-1' }])
    expect(seen[0]!.deadline! - systemClock.now()).toBeLessThanOrEqual(2_000)
  })

  it('ends what the handler has set off when who asked goes, over any number of hops', async () => {
    const left: unknown[] = []
    const arrived = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    const last = await served(() => {
      context().signal?.addEventListener('abort', () => gone.resolve())
      arrived.resolve()
    })
    const first = await served(async (_, response) => {
      await last('/').catch((error: unknown) => left.push(error))
      response.end()
    })
    const caller = new AbortController()

    const asked = first('/', { signal: caller.signal })
    await arrived.promise
    caller.abort('enough')

    await expect(asked).rejects.toBe('enough')
    await gone.promise
    expect(left).toMatchObject([{ name: 'AbortError' }])
  })

  it('ends nothing once the answer is complete', async () => {
    const closed = Promise.withResolvers<boolean>()
    const ask = await served((_, response) => {
      const { signal } = context()
      response.once('close', () => closed.resolve(signal!.aborted))
      response.end('whole')
    })

    expect(await (await ask('/')).text()).toBe('whole')
    expect(await closed.promise).toBe(false)
  })

  it('gives a handler no more time than its caller has, whatever that handler allows itself', async () => {
    const failures: unknown[] = []
    const told = Promise.withResolvers<void>()
    const last = await served(() => {})
    const first = await served(async (_, response) => {
      await last('/').catch((error: unknown) => failures.push(error))
      response.end()
      told.resolve()
    })

    await expect(first('/', { within: 100 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })
    await told.promise

    expect(failures).toHaveLength(1)
  })
})
