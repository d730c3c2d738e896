import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { retry, wrap } from '@holdfast/policy'
import { resilientDispatch, resilientFetch } from '@holdfast/transport/fetch'
import { zeromqClient, zeromqServer } from '@holdfast/transport/zeromq'
import { Agent, interceptors, request } from 'undici'
import { describe, expect, it } from 'vitest'

const stubborn = wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 }, when: () => true }))
const again = wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 } }))

/** A server that does what is posted to it, and answers with where to look: at itself, or where nobody is. */
async function redirecting(status: number, leadsTo?: 'nobody' | 'refusal') {
  const seen: string[] = []
  const server = createServer(({ method, url }, response) => {
    seen.push(`${method} ${url}`)
    if (url === '/refusal') response.writeHead(429).end()
    else if (status >= 500) response.writeHead(status).end()
    else {
      const location = leadsTo === 'nobody' ? 'http://127.0.0.1:1/' : '/refusal'
      response.writeHead(status, { location, connection: 'close' }).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/order`,
    orders: () => seen.filter((each) => each === 'POST /order').length,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

describe('a call that was done', () => {
  it.each([
    [301, 'refusal'],
    [302, 'nobody'],
    [303, 'nobody'],
    [303, 'refusal'],
  ] as const)('is not made again over fetch when its %i leads to %s', async (status, leadsTo) => {
    await using server = await redirecting(status, leadsTo)
    await using ask = resilientFetch(again)

    await ask(server.url, { method: 'POST', body: 'one' }).catch(() => 'nobody there')
    expect(server.orders()).toBe(1)
  })

  it('is not made again over HTTP when it failed there, however stubborn the retry is', async () => {
    await using fetched = await redirecting(503)
    await using ask = resilientFetch(stubborn)
    const answer = await ask(fetched.url, { method: 'POST', body: 'one' })
    await using dispatched = await redirecting(503)
    const agent = new Agent()
    const dispatcher = agent.compose(resilientDispatch(stubborn))
    const { statusCode, body } = await request(dispatched.url, { method: 'POST', body: 'one', dispatcher })
    await body.dump()

    expect([answer.status, fetched.orders()]).toEqual([503, 1])
    expect([statusCode, dispatched.orders()]).toEqual([503, 1])
    await agent.destroy()
  })

  it.each(['nobody', 'refusal'] as const)(
    'is not made again over a dispatcher that follows its answer to %s',
    async (leadsTo) => {
      await using server = await redirecting(303, leadsTo)
      const agent = new Agent()
      const follow = interceptors.redirect({ maxRedirections: 3, throwOnMaxRedirect: true })
      const dispatcher = agent.compose(follow, resilientDispatch(again))

      await request(server.url, { method: 'POST', body: 'one', dispatcher }).then(
        ({ body }) => body.dump(),
        () => 'nobody there',
      )
      expect(server.orders()).toBe(1)
      await agent.destroy()
    },
  )

  it('is not made again over ZeroMQ when what its handler asked next was turned away, or closing', async () => {
    let done = 0
    let last: unknown
    const busy = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    await using next = zeromqServer({
      bind: 'tcp://127.0.0.1:*',
      handlers: {
        hold() {
          busy.resolve()
          return held.promise
        },
      },
      concurrency: 1,
    })
    await using between = zeromqClient({ connect: next.address, pipeline: wrap() })
    await using server = zeromqServer({
      bind: 'tcp://127.0.0.1:*',
      handlers: {
        order() {
          done++
          return between.call('hold')
        },
      },
    })
    await using client = zeromqClient({ connect: server.address, pipeline: again })
    const order = () => client.call('order').catch((error: unknown) => (last = error))
    const first = between.call('hold')
    await busy.promise

    await order()
    expect([done, last]).toMatchObject([1, { code: 'ZEROMQ_BUSY', class: 'transient', retryable: false }])
    const closed = next.close()
    await order()
    expect([done, last]).toMatchObject([2, { code: 'ZEROMQ_CLOSING', class: 'transient', retryable: false }])
    held.resolve()
    await Promise.all([first, closed])
  })
})
