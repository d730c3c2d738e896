import type { AddressInfo } from 'node:net'
import { exposition } from '@holdfast/telemetry'
import { describe, expect, it } from 'vitest'
import type { Named } from './announced.ts'
import { controlApi } from './control-api.ts'
import type { Steering } from './policy-routes.ts'
import type { Status } from './status.ts'
import { sampleChain, sampleControl, sampleLink, sampleStatus } from './testing/index.ts'

const healthy = sampleStatus()
const degraded = sampleStatus({
  chains: [sampleChain('default', { links: [sampleLink('a', 'open'), sampleLink('b')] })],
})
const nobody = sampleControl().steering
const get = async (url: string, status: Status = healthy) => {
  const app = await controlApi(sampleControl({ status: async () => status }))
  return app.inject({ url })
}

describe('controlApi', () => {
  it('tells the whole status', async () => {
    const response = await get('/api/v1/status', degraded)

    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual(JSON.parse(JSON.stringify(degraded)))
  })

  it('tells the numbers in the format that a scraper asks for', async () => {
    const metrics = exposition(async () => [
      { name: 'holdfast_up', help: 'Up.', type: 'gauge', samples: [{ labels: {}, value: 1 }] },
    ])
    const app = await controlApi(sampleControl({ metrics }))
    const scraped = (accept: string) => app.inject({ url: '/metrics', headers: { accept } })

    const plain = await scraped('text/plain')
    expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(plain.body).toMatch(/\nholdfast_up 1\n$/)
    const open = await scraped('application/openmetrics-text')
    expect(open.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(open.body).toMatch(/\n# EOF\n$/)
    await app.close()
  })

  it('describes itself', async () => {
    const { openapi, paths } = (await get('/api/v1/openapi.json')).json()

    expect(openapi).toBe('3.1.0')
    expect(Object.keys(paths)).toEqual([
      '/api/v1/health',
      '/livez',
      '/readyz',
      '/api/v1/status',
      '/api/v1/policies',
      '/api/v1/policies/reset',
      '/api/v1/policies/isolate',
      '/api/v1/traces',
      '/api/v1/traces/{id}',
      '/metrics',
    ])
    expect(Object.keys(paths['/api/v1/health'].get.responses)).toEqual(['200', '503'])
  })

  it.each(['/', '/api/v1', '/api/v1/nowhere?x=secret'])(
    'has nothing at %s, and says what there is',
    async (url) => {
      const response = await get(url)

      expect(response.statusCode).toBe(404)
      expect(response.json()).toEqual({
        error: {
          code: 'unknown_path',
          message: `There is no GET ${url.split('?')[0]} here; GET /api/v1/openapi.json lists what there is.`,
        },
      })
    },
  )

  it.each([`/api/v1/traces/${'x'.repeat(300)}`, '/api/v1/traces/%ff'])(
    'says of a path that cannot be read no more than that: %s',
    async (url) => {
      const response = await get(url)

      expect(response.statusCode).toBeOneOf([400, 414])
      expect(response.json()).toEqual({ error: { code: 'bad_request', message: expect.any(String) } })
      expect(response.body).not.toContain('/traces/')
    },
  )

  it('tells the policies of all processes', async () => {
    const processes = [
      { pid: 7, service: 'ai', kinds: { breaker: [{ name: 'jira' }] }, omitted: 0 },
      { pid: 8 },
    ]
    const steering = { ...nobody, policies: async () => processes as never }
    const app = await controlApi(sampleControl({ steering }))

    expect((await app.inject({ url: '/api/v1/policies' })).json()).toEqual({ processes })
  })

  it.each(['reset', 'isolate'] as const)('can %s by name, and says where', async (act) => {
    const asked: Named[] = []
    const steering: Steering = {
      ...nobody,
      [act]: async (named: Named) => {
        asked.push(named)
        return named.name === 'jira' ? [{ pid: 7, service: 'ai' }] : []
      },
    }
    const app = await controlApi(sampleControl({ steering }))
    const post = (payload: object | string, headers = {}) =>
      app.inject({ method: 'POST', url: `/api/v1/policies/${act}`, payload, headers })

    const reached = await post({ name: 'jira', kind: 'breaker' })
    expect([reached.statusCode, reached.json()]).toEqual([200, { processes: [{ pid: 7, service: 'ai' }] }])
    expect(asked).toEqual([{ name: 'jira', kind: 'breaker' }])
    const missed = await post({ name: 'mail' })
    expect([missed.statusCode, missed.json().error]).toEqual([
      404,
      { code: 'unknown_name', message: expect.stringContaining(`No process has anything 'mail' to ${act};`) },
    ])
    for (const wrong of [{}, { name: '' }, { name: 7, kin: 'x' }, 'name=jira'])
      expect([(await post(wrong)).statusCode, (await post(wrong)).json().error.code].join()).toMatch(
        /^4\d\d,bad_request$/,
      )
    // What a page in a browser may send without asking first.
    expect((await post('{"name":"jira"}', { 'content-type': 'text/plain' })).statusCode).toBe(400)
    expect(asked).toHaveLength(2)
  })

  it('answers nobody who calls it by a name that could be anybody’s', async () => {
    const app = await controlApi(sampleControl())
    const as = (host: string) => app.inject({ url: '/api/v1/status', headers: { host } })

    expect((await as('rebound.example:4701')).json().error.code).toBe('foreign_host')
    expect((await as('rebound.example:4701')).statusCode).toBe(403)
    expect((await as('[::1]:4701')).statusCode).toBe(200)
  })

  it('changes nothing else', async () => {
    const app = await controlApi(sampleControl())

    for (const method of ['POST', 'PUT', 'DELETE'] as const)
      expect((await app.inject({ method, url: '/api/v1/status' })).statusCode).toBe(404)
  })

  it.each(['/api/v1/status', '/metrics'])('answers 503 at %s when nobody can tell', async (url) => {
    const gone = new Error('the governor is gone')
    const complaints: unknown[] = []
    const metrics = { page: () => Promise.reject(gone) }
    const app = await controlApi(
      sampleControl({
        metrics,
        status: () => Promise.reject(gone),
        complain: (error) => complaints.push(error),
      }),
    )

    const response = await app.inject({ url })

    expect(response.statusCode).toBe(503)
    expect(response.json()).toEqual({
      error: {
        code: 'unavailable',
        message: 'The status cannot be told right now; try again in a second.',
      },
    })
    expect(complaints).toEqual([gone])
  })

  it('answers on a socket', async () => {
    const app = await controlApi(sampleControl())
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo

    const response = await fetch(`http://127.0.0.1:${port}/api/v1/health`)

    expect(await response.json()).toMatchObject({ status: 'healthy' })
    await app.close()
  })
})
