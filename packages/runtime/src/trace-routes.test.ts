import { describe, expect, it } from 'vitest'
import { controlApi } from './control-api.ts'
import { sampleControl, sampleSpan, sampleTrace } from './testing/index.ts'

const many = Array.from({ length: 60 }, (_, n) => sampleTrace(`t${n}`))
const get = async (url: string) => {
  const app = await controlApi(sampleControl({ traces: async ({ most }) => many.slice(0, most) }))
  return app.inject({ url })
}

describe('traceRoutes', () => {
  it.each([
    ['/api/v1/traces', 50],
    ['/api/v1/traces?limit=2', 2],
    ['/api/v1/traces?limit=9999', 60],
  ])('lists at %s the latest %i', async (url, count) => {
    const { traces } = (await get(url)).json()

    expect(traces).toHaveLength(count)
    expect(traces[0]).toEqual({
      id: 't0',
      name: 'root',
      startedAt: 1_000,
      duration: 10,
      status: 'ok',
      spans: 1,
    })
  })

  it.each(['limit=0', 'limit=x', 'limit=-1', 'limit=', 'limits=1'])('refuses %s', async (query) => {
    const response = await get(`/api/v1/traces?${query}`)

    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ error: { code: 'bad_request' } })
  })

  it('tells one as a whole', async () => {
    const span = JSON.parse(JSON.stringify(sampleSpan('root')))

    expect((await get('/api/v1/traces/t7')).json()).toMatchObject({ id: 't7', spans: [span], dropped: 0 })
  })

  it('says with 404 that a trace is not kept', async () => {
    const response = await get('/api/v1/traces/gone')

    expect(response.statusCode).toBe(404)
    expect(response.json()).toEqual({
      error: {
        code: 'unknown_trace',
        message:
          "No trace 'gone' is kept: it may be too old, or not sampled; GET /api/v1/traces lists those there are.",
      },
    })
  })

  it('has none where nobody keeps any', async () => {
    const app = await controlApi(sampleControl())

    expect((await app.inject({ url: '/api/v1/traces' })).json()).toEqual({ traces: [] })
  })
})
