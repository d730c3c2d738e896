import { describe, expect, it } from 'vitest'
import { controlApi } from './control-api.ts'
import { logLevels } from './log-levels.ts'
import { sampleControl } from './testing/index.ts'

const api = async () => {
  const book = logLevels({ from: { level: 'info', services: {} }, services: ['api', 'edge'] })
  const app = await controlApi(
    sampleControl({
      logLevels: { levels: async () => book.all(), change: async (change) => book.change(change) },
    }),
  )
  const url = '/api/v1/log-level'
  return {
    get: async () => (await app.inject({ url })).json(),
    put: (payload: object) => app.inject({ method: 'PUT', url, payload }),
  }
}

describe('logLevelRoutes', () => {
  it('tells the levels, and those that hold after a change', async () => {
    const { get, put } = await api()

    expect(await get()).toEqual({ level: 'info', services: {} })
    expect((await put({ level: 'warn' })).json()).toEqual({ level: 'warn', services: {} })
    expect((await put({ level: 'debug', service: 'api' })).statusCode).toBe(200)
    expect(await get()).toEqual({ level: 'warn', services: { api: 'debug' } })
    expect((await put({ level: 'default', service: 'api' })).json()).toEqual({ level: 'warn', services: {} })
  })

  it.each([
    [{ level: 'loud' }, 400, 'bad_request'],
    [{}, 400, 'bad_request'],
    [{ level: 'info', more: 1 }, 400, 'bad_request'],
    [{ level: 'info', service: '' }, 400, 'bad_request'],
    [{ level: 'default' }, 400, 'bad_log_level'],
    [{ level: 'info', service: 'nobody' }, 404, 'unknown_service'],
  ])('refuses %j with %i, and stays as it is', async (change, status, code) => {
    const { get, put } = await api()

    const answer = await put(change)

    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code])
    expect(await get()).toEqual({ level: 'info', services: {} })
  })
})
