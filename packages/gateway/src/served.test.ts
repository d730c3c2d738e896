import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context } from '@holdfast/policy/context'
import { tracing } from '@holdfast/telemetry/tracing'
import { describe, expect, it } from 'vitest'
import type { Happening } from './gateway-event.ts'
import { type Route, served, servedQuietly } from './served.ts'

const on = async (route: Route, serve: typeof served = servedQuietly) => {
  const events: Happening[] = []
  const tell = (event: Happening): void => void events.push(event)
  const server = createServer(serve({ name: 'broken', route, tell })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    events,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
const broken = (): never => {
  throw new Error('a mistake with sk-secret')
}

describe('served', () => {
  it('runs a route in the context of its request', async () => {
    await using server = await on(async (_, __, reply) => {
      await new Promise(setImmediate)
      reply.send(200, {}, Buffer.from(JSON.stringify(context())))
    })
    const answer = await fetch(server.url, { headers: { 'x-correlation-id': 'order-7' } })

    expect(await answer.json()).toMatchObject({
      correlation: 'order-7',
      trace: { traceId: answer.headers.get('x-trace-id') },
    })
  })

  it('answers with 500, and nothing of what went wrong, where a route breaks', async () => {
    await using running = tracing({ service: 's' })
    await using server = await on(broken, served)
    const answer = await fetch(server.url)

    expect(answer.status).toBe(500)
    expect(answer.headers.get('x-trace-id')).toBe(running.traces()[0]!.traceId)
    expect(await answer.text()).toMatch(/"internal_error"/)
    expect(running.traces()).toMatchObject([{ name: 'broken', status: 'failed' }])
    expect(JSON.stringify(running.traces())).not.toContain('mistake')
    expect(server.events).toEqual([
      { type: 'route.failed', route: 'broken', error: new Error('a mistake with sk-secret') },
    ])
  })

  it('breaks off what a route has begun, and leaves alone what it has ended', async () => {
    await using begun = await on((_, __, reply) => {
      reply.begin(200, { 'content-type': 'text/event-stream' })
      broken()
    })
    await using ended = await on((_, __, reply) => {
      reply.send(200, {}, Buffer.from('whole'))
      broken()
    })

    await expect(fetch(begun.url).then((answer) => answer.text())).rejects.toThrow('terminated')
    expect(await (await fetch(ended.url)).text()).toBe('whole')
  })
})
