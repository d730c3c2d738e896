import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type ControlClient, connectControl, holdListener, serveControl } from '@holdfast/governor'
import { breaker } from '@holdfast/policy'
import { type FakeServer, fakeServer } from '@holdfast/transport/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from './config/read.ts'
import { type Edge, edge } from './edge.ts'
import { sampleView } from './testing/index.ts'
import type { TraceView } from './trace-view.ts'

describe('edge', () => {
  let provider: FakeServer
  let running: Edge
  let urls: { readonly gateway: string; readonly control: string }
  let governor: ControlClient
  let reports: unknown[]
  const finish: (() => unknown)[] = []

  beforeEach(async () => {
    provider = await fakeServer()
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-edge-'))
    reports = []
    const path = join(folder, 'control.sock')
    const control = await serveControl({
      path,
      calls: {
        governor: () => view,
        report(status) {
          reports.push(status)
          return view
        },
      },
    })
    governor = await connectControl(path)
    // Both descriptors become the edge's own, which closes them.
    const held = [
      await holdListener({ host: '127.0.0.1', port: 0 }),
      await holdListener({ host: '127.0.0.1', port: 0 }),
    ] as const
    urls = { gateway: `http://127.0.0.1:${held[0].port}`, control: `http://127.0.0.1:${held[1].port}` }
    const text = `
policies: { p: { preset: none } }
upstreams:
  only: { url: "${provider.url}", policy: p }
  spare: { url: "${provider.url}/v1", policy: p }
  orders: { postgres: "postgres://app:hunter22@127.0.0.1:1/orders" }
chains: { default: [only, spare] }
`
    const config = readConfig({ file: 'x', text, environment: {} })
    running = await edge({
      config,
      governor,
      sockets: { gateway: held[0].fd, control: held[1].fd },
      output: new PassThrough().resume(),
    })
    finish.push(
      () => running.close(),
      () => governor.close(),
      () => control.close(),
      () => provider[Symbol.asyncDispose](),
      () => rmSync(folder, { recursive: true }),
    )
  })
  afterEach(async () => {
    for (const step of finish.splice(0)) await step()
  })

  const ask = (): Promise<Response> =>
    fetch(`${urls.gateway}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'hi' }] }),
    })

  it('serves the gateway on one socket and the control API on the other', async () => {
    const models = await fetch(`${urls.gateway}/v1/models`)
    const health = await fetch(`${urls.control}/api/v1/health`)

    expect(await models.json()).toMatchObject({ data: [{ id: 'default' }] })
    expect(await health.json()).toMatchObject({
      components: ['edge', 'governor', 'orders', 'only', 'spare', 'default'].map((name) => ({ name })),
    })
    expect((await fetch(`${urls.gateway}/api/v1/health`)).status).toBe(404)
    expect((await fetch(`${urls.control}/v1/models`)).status).toBe(404)
  })

  it('says at both doors whether it lives and is ready, and is not ready when no chain can answer', async () => {
    const told = async (path: string) =>
      Promise.all(
        [urls.gateway, urls.control].map(async (url) => {
          const answer = await fetch(`${url}${path}`)
          return [answer.status, await answer.text()]
        }),
      )
    const both = (status: number, text: string) => [status, text, status, text]
    expect((await told('/readyz')).flat()).toEqual(both(200, 'ready\n'))

    for (const name of ['only', 'spare']) breaker(name).isolate()

    expect((await told('/readyz')).flat()).toEqual(
      both(503, 'not ready\nchain default: no link can answer\n'),
    )
    expect((await told('/livez')).flat()).toEqual(both(200, 'alive\n'))
    const health = await fetch(`${urls.control}/api/v1/health`)
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'unhealthy' }])
    for (const name of ['only', 'spare']) breaker(name).reset()
    expect((await told('/readyz')).flat()).toEqual(both(200, 'ready\n'))
  })

  it('is degraded by a database that is down, and ready all the same', async () => {
    const told = async () => {
      const answer = await fetch(`${urls.control}/api/v1/health`)
      return { code: answer.status, text: await answer.text() }
    }
    while (!(await told()).text.includes('ECONNREFUSED')) await new Promise(setImmediate)

    const { code, text } = await told()
    expect([code, JSON.parse(text)]).toMatchObject([200, { status: 'degraded' }])
    expect(JSON.parse(text).components[2]).toMatchObject({
      ...{ name: 'orders', kind: 'database', level: 'unhealthy', critical: false },
      details: { for: expect.any(Number), lastError: { reason: expect.stringContaining('127.0.0.1:1') } },
    })
    expect(text).not.toContain('hunter22')
    expect((await fetch(`${urls.gateway}/readyz`)).status).toBe(200)
  })

  it('reports to the governor from the start', async () => {
    // Answered after what was sent before.
    await governor.call('governor')

    expect(reports[0]).toMatchObject({
      pid: process.pid,
      status: { gateway: { inFlight: 0, chains: [{ name: 'default' }] }, outside: [] },
    })
  })

  it('tells of a request whose first link failed: the attempt, the next link, the answer', async () => {
    const traces = async (path = ''): Promise<Response> => fetch(`${urls.control}/api/v1/traces${path}`)
    expect(await (await traces()).json()).toEqual({ traces: [] })
    provider.next({ status: 500, body: '{}' }, { status: 200, body: completion })
    const answer = await ask()
    await answer.text()
    const id = answer.headers.get('x-trace-id')
    const correlation = answer.headers.get('x-correlation-id')

    expect(await (await traces('?limit=1')).json()).toMatchObject({
      traces: [{ id, correlation, name: 'POST /v1/chat/completions', status: 'failed', spans: 3 }],
    })
    const { spans } = (await (await traces(`/${id}`)).json()) as TraceView
    const [request, failed, answered] = spans
    expect(request).toMatchObject({ kind: 'server', status: 'ok', attributes: { 'holdfast.link': 'spare' } })
    expect(request!.events).toContainEqual(
      expect.objectContaining({
        name: 'chain.next-link',
        attributes: { 'holdfast.link': 'spare', 'holdfast.failed': 'only', 'holdfast.reason': 'transient' },
      }),
    )
    expect(failed).toMatchObject({ status: 'failed', attributes: { 'http.response.status_code': 500 } })
    expect(answered).toMatchObject({ status: 'ok', attributes: { 'gen_ai.response.model': 'm' } })
    expect([failed!.parentId, answered!.parentId]).toEqual([request!.spanId, request!.spanId])
  })

  it('lets a request in flight finish when it closes, and takes no new one', async () => {
    let answer: () => void = () => undefined
    provider.next(new Promise((resolve) => (answer = () => resolve({ status: 200, body: completion }))))
    const begun = provider.request()
    const asked = ask()
    await begun

    const closed = running.close()
    await expect(fetch(`${urls.gateway}/livez`)).rejects.toThrow('fetch failed')
    answer()

    expect(await (await asked).json()).toMatchObject({ choices: [{ message: { content: 'whole' } }] })
    await closed
  }, 2_500) // Less than the patience of close(), which nobody needs here.

  it('lets nobody hold it up who only keeps a connection', async () => {
    await (await fetch(`${urls.gateway}/livez`)).text()

    await running.close()

    await expect(fetch(`${urls.control}/api/v1/health`)).rejects.toThrow('fetch failed')
  })
})

const view = sampleView()

const completion = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }],
})
