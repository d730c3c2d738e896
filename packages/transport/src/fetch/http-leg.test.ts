import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { retry, wrap } from '@holdfast/policy'
import { Agent, request } from 'undici'
import { describe, expect, it } from 'vitest'
import { freePort } from '../testing/free-port.ts'
import { heardLegs } from '../testing/heard-legs.ts'
import { resilientDispatch } from './resilient-dispatch.ts'
import { resilientFetch } from './resilient-fetch.ts'
import { serving } from './serving.ts'

describe('http legs', () => {
  it('are each attempt of a fetch and each request that is served, with what came of them', async () => {
    using heard = heardLegs()
    const seen: unknown[] = []
    const statuses = [503, 404]
    const server = createServer(
      serving((asked, response) => {
        seen.push([asked.headers['x-leg'], heard.inside])
        response.writeHead(statuses.shift()!).end()
      }),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await using ask = resilientFetch(wrap(retry({ attempts: 2, backoff: { initial: 1 } })), {
      base: `http://127.0.0.1:${port}`,
    })
    expect((await ask('/a?key=hunter2')).status).toBe(404)
    server.close()
    server.closeAllConnections()
    await once(server, 'close')

    const client = { 'http.request.method': 'GET', 'url.full': `http://127.0.0.1:${port}/a` }
    const first = { ...client, 'server.address': '127.0.0.1', 'server.port': port }
    expect(heard.all.map(({ kind, name, attributes }) => [kind, name, attributes])).toEqual([
      ['client', 'GET', first],
      ['server', 'GET', { 'http.request.method': 'GET', 'url.path': '/a', 'url.scheme': 'http' }],
      ['client', 'GET', { ...first, 'http.request.resend_count': 1 }],
      ['server', 'GET', { 'http.request.method': 'GET', 'url.path': '/a', 'url.scheme': 'http' }],
    ])
    expect(seen).toEqual([
      ['0', 1],
      ['2', 3],
    ])
    expect(heard.all.map(({ end }) => [end?.is, end?.attributes])).toEqual([
      ['failed', { 'holdfast.failure': 'transient', 'http.response.status_code': 503, 'error.type': '503' }],
      ['failed', { 'http.response.status_code': 503, 'error.type': '503' }],
      ['failed', { 'http.response.status_code': 404, 'error.type': '404' }],
      ['done', { 'http.response.status_code': 404 }],
    ])
  })

  it('say what went wrong where there is no answer', async () => {
    using heard = heardLegs()
    await using ask = resilientFetch(wrap(), { base: `http://127.0.0.1:${await freePort()}` })
    await expect(ask('/')).rejects.toThrow()

    expect(heard.all).toMatchObject([{ end: { is: 'failed', attributes: { 'holdfast.failure': 'unsent' } } }])
  })

  it('are the attempts of a request of undici that is dispatched, too', async () => {
    using heard = heardLegs()
    const server = createServer((_, response) => response.writeHead(201).end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const dispatcher = new Agent().compose(resilientDispatch(wrap()))
    const { body } = await request(`${origin}/a?key=hunter2`, { dispatcher })
    await body.text()
    await dispatcher.close()
    server.close()
    await once(server, 'close')

    expect(heard.all).toMatchObject([
      { name: 'GET', attributes: { 'url.full': `${origin}/a` }, end: { is: 'done' } },
    ])
  })
})
