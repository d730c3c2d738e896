import { describe, expect, it } from 'vitest'
import { controlApi } from './control-api.ts'
import type { HealthView } from './edge-health.ts'
import { sampleControl } from './testing/index.ts'

const { health: well } = sampleControl()
const get = async (health: Partial<typeof well>, url: string, init: object = {}) => {
  const app = await controlApi(sampleControl({ health: { ...well, ...health } }))
  return app.inject({ url, ...init })
}

describe('healthRoutes', () => {
  it.each([
    ['healthy', 200],
    ['degraded', 200],
    ['unhealthy', 503],
  ] as const)('tells the health, whole and not to be kept: %s is %d', async (status, code) => {
    const view: HealthView = {
      status,
      components: [
        {
          ...{ name: 'ai', kind: 'service', level: 'unhealthy', reason: 'starting', critical: false },
          ...{ took: 0.5, age: 120, details: { lag: { worst: 3 }, more: 'any' } },
        },
        { name: 'default', kind: 'chain', level: 'healthy', critical: true, took: 0, age: 0 },
      ],
    }

    const response = await get({ report: async () => view }, '/api/v1/health')

    expect([response.statusCode, response.headers['cache-control']]).toEqual([code, 'no-store'])
    expect(response.json()).toEqual(view)
  })

  it.each([
    ['/livez', 'live', 'alive'],
    ['/readyz', 'ready', 'ready'],
  ] as const)('answers at %s, and says why not', async (path, asked, word) => {
    const ill = { [asked]: async () => ({ ok: false, reasons: ['chain default: no link can answer'] }) }

    const yes = await get({}, `${path}?verbose`)
    const no = await get(ill, path)
    const json = await get(ill, path, { headers: { accept: 'application/json' } })
    const head = await get(ill, path, { method: 'HEAD' })

    expect([yes.statusCode, yes.body]).toEqual([200, `${word}\n`])
    expect([no.statusCode, no.body]).toEqual([503, `not ${word}\nchain default: no link can answer\n`])
    expect(no.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    })
    expect([json.statusCode, json.json()]).toEqual([
      503,
      { ok: false, reasons: ['chain default: no link can answer'] },
    ])
    expect([head.statusCode, head.body]).toEqual([503, ''])
  })
})
