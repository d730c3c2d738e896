import { once } from 'node:events'
import { Writable } from 'node:stream'
import { breaker, type Pipeline, retry, timeout, wrap } from '@holdfast/policy'
import { withContext } from '@holdfast/policy/context'
import { fakeClock } from '@holdfast/policy/testing'
import { Agent, request, stream } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeServer, fakeServer } from '../testing/index.ts'
import { type ResilientDispatchOptions, resilientDispatch } from './resilient-dispatch.ts'

const quick = { initial: 1, max: 1 }
const thrice = (): Pipeline => wrap(retry({ attempts: 3, backoff: quick }))

describe('resilientDispatch', () => {
  let server: FakeServer
  let agent: Agent
  const under = (pipeline?: Pipeline, options?: ResilientDispatchOptions) => ({
    dispatcher: agent.compose(resilientDispatch(pipeline, options)),
  })
  beforeEach(async () => {
    server = await fakeServer()
    agent = new Agent()
  })
  afterEach(async () => {
    await agent.destroy()
    await server[Symbol.asyncDispose]()
  })

  it('tries again what may be done twice, and gives the answer of the last attempt', async () => {
    server.next({ status: 503, open: true }, { status: 429 })

    const { statusCode, body } = await request(server.url, under(thrice()))

    expect([statusCode, await body.text()]).toEqual([200, 'ok'])
    await server.received[0]!.over
  })

  it('gives the last answer as it is, unread, when the retries run out', async () => {
    server.next({ status: 500 }, { status: 502 }, { status: 503, body: 'third' })

    const { statusCode, body } = await request(server.url, under(thrice()))

    expect([statusCode, await body.text()]).toEqual([503, 'third'])
  })

  it('gives the last answer also when it has no body', async () => {
    server.next({ status: 500 }, { status: 500 }, { status: 503, headers: { 'content-length': '0' } })

    const { statusCode, body } = await request(server.url, { ...under(thrice()), method: 'HEAD' })

    expect([statusCode, await body.text()]).toEqual([503, ''])
  })

  it.each([
    [{ method: 'POST' }, 1],
    [{ method: 'POST', headers: { 'Idempotency-Key': '1' } }, 2],
    [{ method: 'POST', headers: ['Idempotency-Key', '1'] }, 2],
    [{ method: 'POST', idempotent: true }, 2],
    [{ method: 'PUT', body: 'x' }, 2],
  ] as const)('sends %j %i times when it fails once', async (asked, times) => {
    server.next({ status: 503 })

    await request(server.url, { ...under(thrice()), ...(asked as object) })

    expect(server.received).toHaveLength(times)
  })

  it('sends a stream once', async () => {
    server.next({ status: 503 })
    const body = new Blob(['streamed']).stream()

    await request(server.url, { ...under(thrice()), method: 'PUT', body: body as never })

    expect(server.received.map((each) => each.body)).toEqual(['streamed'])
  })

  it('fails with what undici failed with', async () => {
    server.next('reset', 'reset', 'reset')

    await expect(request(server.url, under(thrice()))).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/),
    })
    expect(server.received).toHaveLength(3)
  })

  it("rejects with the policy's own error when it turns a request away", async () => {
    const guarded = under(wrap(breaker({ failures: 1 })))
    server.next({ status: 500 })
    await request(server.url, guarded)

    await expect(request(server.url, guarded)).rejects.toMatchObject({ code: 'BREAKER_OPEN' })
  })

  it('has a body under the limit of its attempt, and leaves no socket', async () => {
    const clock = fakeClock()
    server.next({ status: 200, open: true })

    const { body } = await request(server.url, under(wrap(timeout(1_000, { clock })), { clock }))
    const late = expect(body.text()).rejects.toMatchObject({ code: 'TIMEOUT' })
    await clock.advance(1_000)

    await late
    await server.received[0]!.over
    expect(clock.pending).toBe(0)
  })

  it('lets its caller go, while it waits and while it reads', async () => {
    const waiting = new AbortController()
    const reading = new AbortController()
    server.next('stall', { status: 200, open: true })
    const began = server.request()

    const asked = request(server.url, { ...under(thrice()), signal: waiting.signal })
    await began
    waiting.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    const { body } = await request(server.url, { ...under(thrice()), signal: reading.signal })
    const left = expect(body.text()).rejects.toThrow('enough')
    reading.abort(new Error('enough'))

    await left
    await Promise.all(server.received.map(({ over }) => over))
    expect(server.received).toHaveLength(2)
  })

  it('works for streams as well, and says who it is to the origin of its base', async () => {
    const chunks: string[] = []
    const { dispatcher } = under(thrice(), { base: server.url })
    server.next({ status: 503, body: 'not this' }, { status: 200, body: 'this' })
    const sink = () =>
      new Writable({
        write(chunk, _, done) {
          chunks.push(String(chunk))
          done()
        },
      })

    await withContext({ correlation: 'c-1' }, () =>
      stream(server.url, { dispatcher, method: 'GET', headers: { own: '1' } }, sink),
    )

    expect(chunks).toEqual(['this'])
    expect(server.received.at(-1)?.headers).toMatchObject({ own: '1', 'x-correlation-id': 'c-1' })
  })

  it('holds nothing back from a handler that never asks for a body', async () => {
    const { body } = await request(server.url, under(thrice()))
    body.resume()

    await once(body, 'end')
  })
})
