import { breaker, events, forget, type Pipeline, retry, timeout, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WireFailure } from '../failure.ts'
import { type FakeServer, fakeServer } from '../testing/index.ts'
import { resilientFetch } from './resilient-fetch.ts'

const quick = { initial: 1, max: 1 }
const thrice = (): Pipeline => wrap(retry({ attempts: 3, backoff: quick }))
const once = (): Pipeline => wrap(retry('none'))

describe('resilientFetch', () => {
  let server: FakeServer
  beforeEach(async () => {
    server = await fakeServer()
  })
  afterEach(() => server[Symbol.asyncDispose]())

  describe('when the server fails', () => {
    it.each([408, 425, 429, 500, 502, 503, 504, 529])('tries again after %i', async (status) => {
      server.next({ status })

      const response = await resilientFetch(thrice())(server.url)

      expect(await response.text()).toBe('ok')
      expect(server.received).toHaveLength(2)
    })

    it.each([400, 401, 404, 409, 501])('hands over %i at once', async (status) => {
      server.next({ status })

      expect((await resilientFetch(thrice())(server.url)).status).toBe(status)
      expect(server.received).toHaveLength(1)
    })

    it('hands over the last response, unread, when the retries run out', async () => {
      server.next({ status: 500 }, { status: 502 }, { status: 503, body: 'third' })

      const response = await resilientFetch(thrice())(server.url)

      expect(response.status).toBe(503)
      expect(await response.text()).toBe('third')
    })

    it('lets go of the responses that nobody will read', async () => {
      server.next({ status: 503, open: true }, { status: 503, open: true })

      const response = await resilientFetch(thrice())(server.url)
      await Promise.all(server.received.slice(0, 2).map(({ over }) => over))

      expect(response.status).toBe(200)
    })

    it('lets go of the last one too, when the policy speaks in its place', async () => {
      const guard = breaker({ failures: 1 })
      server.next({ status: 503, open: true })

      const response = resilientFetch(wrap(retry({ attempts: 2, backoff: quick }), guard))(server.url)

      await expect(response).rejects.toMatchObject({ code: 'BREAKER_OPEN' })
      await server.received[0]?.over
    })

    it('waits as long as Retry-After says', async () => {
      const clock = fakeClock()
      const waited = new Promise((resolve) => {
        const stop = events.on((event) => {
          if (event.type !== 'retry.waited') return
          stop()
          resolve(event.delay)
        })
      })
      server.next({ status: 503, headers: { 'retry-after': '7' } })

      const response = resilientFetch(wrap(retry({ clock })))(server.url)

      expect(await waited).toBe(7_000)
      await clock.advance(7_000)
      expect((await response).status).toBe(200)
    })

    it('does not try again where Retry-After asks for more patience than the policy has', async () => {
      server.next({ status: 429, headers: { 'retry-after': '2' } })

      expect((await resilientFetch(thrice())(server.url)).status).toBe(429)
      expect(server.received).toHaveLength(1)
    })

    it('shows the pipeline a classified failure, without the query, which may hold a secret', async () => {
      const seen: unknown[] = []
      const witness = wrap(retry({ attempts: 2, when: (error) => seen.push(error) === 0 }))
      server.next({ status: 429, headers: { 'retry-after': '1' } })

      await resilientFetch(witness)(`${server.url}/x?key=secret`)

      expect(seen).toEqual([expect.any(WireFailure)])
      expect(seen[0]).toMatchObject({
        class: 'throttled',
        status: 429,
        retryAfter: 1_000,
        message: `GET ${server.url}/x answered 429`,
      })
    })
  })

  describe('when the connection breaks', () => {
    it('tries again', async () => {
      server.next('reset')

      expect((await resilientFetch(thrice())(server.url)).status).toBe(200)
    })

    it('rejects as fetch does in the end', async () => {
      server.next('reset', 'reset', 'reset')

      const failure = resilientFetch(thrice())(server.url)

      await expect(failure).rejects.toBeInstanceOf(TypeError)
      await expect(failure).rejects.toThrow('fetch failed')
      expect(server.received).toHaveLength(3)
    })

    it('does not send a POST twice', async () => {
      server.next('reset')

      await expect(resilientFetch(thrice())(server.url, { method: 'POST' })).rejects.toThrow('fetch failed')
      expect(server.received).toHaveLength(1)
    })

    it('leaves what was thrown as it is, even if that cannot be changed', async () => {
      const thrown = Object.freeze(new TypeError('frozen'))
      const failing = resilientFetch(once(), { fetch: () => Promise.reject(thrown) })

      await expect(failing(server.url, { method: 'POST' })).rejects.toBe(thrown)
    })

    it('does not try again what is wrong for good', async () => {
      let calls = 0
      const expired = Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' })
      const failing = resilientFetch(thrice(), {
        fetch: () => {
          calls++
          throw expired
        },
      })

      await expect(failing(server.url)).rejects.toBe(expired)
      expect(calls).toBe(1)
    })
  })

  describe('with a body', () => {
    const sent = async (init: RequestInit & { duplex?: 'half' }): Promise<(string | undefined)[]> => {
      server.next({ status: 503 })
      await resilientFetch(thrice())(server.url, init)
      return server.received.map(({ body }) => body)
    }
    const stream = (): ReadableStream => new Blob(['streamed']).stream()

    it('does not send a POST twice', async () => {
      expect(await sent({ method: 'POST', body: 'x' })).toEqual(['x'])
    })

    it('sends a POST with an Idempotency-Key again, whole', async () => {
      const headers = { 'idempotency-key': '1' }

      expect(await sent({ method: 'POST', body: 'x', headers })).toEqual(['x', 'x'])
    })

    it.each([
      ['text', 'x'],
      ['bytes', Buffer.from('x')],
      ['a blob', new Blob(['x'])],
      ['parameters', new URLSearchParams('x')],
    ])('sends a PUT of %s again', async (_, body) => {
      expect(await sent({ method: 'PUT', body })).toHaveLength(2)
    })

    it('sends a stream once', async () => {
      expect(await sent({ method: 'PUT', body: stream(), duplex: 'half' })).toEqual(['streamed'])
    })

    it('sends a generator once', async () => {
      const body = (async function* () {
        yield new TextEncoder().encode('generated')
      })()

      expect(await sent({ method: 'PUT', body: body as never, duplex: 'half' })).toEqual(['generated'])
    })
  })

  describe('with a Request', () => {
    it('sends its method, headers and body', async () => {
      const request = new Request(`${server.url}/x`, { method: 'PUT', body: 'hello', headers: { own: '1' } })

      await resilientFetch(thrice(), { headers: { given: '2' } })(request)

      expect(server.received).toMatchObject([
        { method: 'PUT', path: '/x', body: 'hello', headers: { own: '1', given: '2' } },
      ])
    })

    it('tries again when it has no body', async () => {
      server.next({ status: 503 }, 'reset')

      expect((await resilientFetch(thrice())(new Request(server.url))).status).toBe(200)
    })

    it('sends its body once', async () => {
      server.next({ status: 503 })

      const response = await resilientFetch(thrice())(new Request(server.url, { method: 'PUT', body: 'x' }))

      expect(response.status).toBe(503)
      expect(server.received).toHaveLength(1)
    })

    it('heeds its signal, unless the call says otherwise', async () => {
      const request = new Request(server.url, { signal: AbortSignal.abort('gone') })

      await expect(resilientFetch(once())(request)).rejects.toBe('gone')
      expect((await resilientFetch(once())(request, { signal: null })).status).toBe(200)
    })
  })

  describe('when the caller leaves', () => {
    it('rejects with the reason and goes', async () => {
      const caller = new AbortController()
      server.next('stall')
      const began = server.request()

      const response = resilientFetch(thrice())(server.url, { signal: caller.signal })
      const { over } = await began
      caller.abort('enough')

      await expect(response).rejects.toBe('enough')
      await over
      expect(server.received).toHaveLength(1)
    })

    it('ends a body that is being read', async () => {
      const caller = new AbortController()
      server.next({ status: 200, open: true })

      const response = await resilientFetch(once())(server.url, { signal: caller.signal })
      caller.abort(new DOMException('enough', 'AbortError'))

      await expect(response.text()).rejects.toThrow('enough')
      await server.received[0]?.over
    })
  })

  it("rejects with the policy's own error when it cuts the call short", async () => {
    const clock = fakeClock()
    server.next('stall')
    const began = server.request()

    const response = resilientFetch(wrap(timeout(1_000, { clock })))(server.url)
    const refused = expect(response).rejects.toMatchObject({ code: 'TIMEOUT' })
    const { over } = await began
    await clock.advance(1_000)

    await refused
    await over
  })

  it('takes what fetch itself would not send for no failure of the server', async () => {
    const ask = resilientFetch()
    for (let at = 0; at < 6; at++)
      await expect(ask(server.url, { method: 'GET', body: 'x' })).rejects.toThrow('cannot have body')

    expect((await ask(server.url)).status).toBe(200)
    await ask.close()
  })

  it('counts failures, and only failures, on the breaker', async () => {
    forget('resilient')
    const guard = breaker('resilient', { failures: 2 })
    server.next({ status: 404 }, { status: 503 }, 'reset')
    const get = resilientFetch(wrap(guard))

    await get(server.url)
    await get(server.url)
    await expect(get(server.url)).rejects.toThrow('fetch failed')

    expect(guard.status()).toMatchObject({ is: 'open', counts: { successes: 1, failures: 2 } })
  })

  describe('with a base', () => {
    const paths = async (base: string, ...addresses: string[]): Promise<string[]> => {
      for (const address of addresses) await resilientFetch(once(), { base: `${server.url}${base}` })(address)
      return server.received.map(({ path }) => path)
    }

    it('puts addresses under its path', async () => {
      expect(await paths('/jira', '/rest/x', 'rest/x', '?q=1', '')).toEqual([
        '/jira/rest/x',
        '/jira/rest/x',
        '/jira?q=1',
        '/jira',
      ])
    })

    it('does not mind a slash at its end, or no path', async () => {
      expect(await paths('/jira/', '/rest/x')).toEqual(['/jira/rest/x'])
      expect(await paths('', 'rest/x?a=1')).toContain('/rest/x?a=1')
    })

    it('sends its query along, unless the address names the same parameter', async () => {
      expect(await paths('/ai?api-version=2', '/x', '/x?api-version=3')).toEqual([
        '/ai/x?api-version=2',
        '/ai/x?api-version=3',
      ])
    })

    it.each(['//elsewhere.example/x', '/\\elsewhere.example', '@elsewhere.example', ':1/x'])(
      'is not left by %s',
      async (address) => {
        const seen: unknown[] = []
        const stub = (target: unknown): Promise<Response> => {
          seen.push(new URL(String(target)).origin)
          return Promise.resolve(new Response())
        }

        await resilientFetch(once(), { base: 'https://acme.example/jira', fetch: stub as typeof fetch })(
          address,
        )

        expect(seen).toEqual(['https://acme.example'])
      },
    )
  })

  it('refuses an address without scheme or base at once, and blames nobody for it', async () => {
    forget('resilient-base')
    const guard = breaker('resilient-base', { failures: 1 })

    await expect(resilientFetch(wrap(retry(), guard))('/rest/x')).rejects.toMatchObject({
      code: 'ERR_INVALID_URL',
    })
    expect(guard.status().counts.calls).toBe(0)
  })

  describe('with headers', () => {
    const key = { authorization: 'Bearer secret' }

    it('sends them, unless the call has its own', async () => {
      const get = resilientFetch(once(), { base: server.url, headers: key })
      await get('/a')
      await get(`${server.url}/b`, { headers: { Authorization: 'own' } })

      expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', 'own'])
    })

    it('never sends them to an origin other than the base, by address, by Request or by redirect', async () => {
      await using elsewhere = await fakeServer()
      const get = resilientFetch(once(), { base: server.url, headers: key })
      server.next({ status: 302, headers: { location: `${elsewhere.url}/redirected` } })

      await get(`${elsewhere.url}/absolute`)
      await get(new Request(`${elsewhere.url}/request`))
      await get('/moved')

      expect(elsewhere.received.map(({ path }) => path)).toEqual(['/absolute', '/request', '/redirected'])
      expect(elsewhere.received.filter(({ headers }) => 'authorization' in headers)).toEqual([])
    })
  })
})
