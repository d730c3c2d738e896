import type { UsageAsked } from '@holdfast/gateway/usage'
import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { usageRoutes } from './usage-routes.ts'

/** What is answered, and what the source was asked. */
const get = async (query: string) => {
  const app = fastify()
  const heard: UsageAsked[] = []
  usageRoutes(app, (asked) => {
    heard.push(asked)
    return { rows: [] }
  })
  const response = await app.inject(`/api/v1/usage${query}`)
  await app.close()
  return { status: response.statusCode, body: response.json(), heard }
}

describe('GET /api/v1/usage', () => {
  it('asks the ledger, and says what it asked', async () => {
    const { status, body, heard } = await get('?by=day,client&from=2026-11-01&to=2026-11-30&client=alice')
    const asked = { by: ['day', 'client'], from: '2026-11-01', to: '2026-11-30', client: 'alice' }

    expect([status, heard]).toEqual([200, [asked]])
    expect(body).toEqual({ ...asked, rows: [] })
  })

  it.each([
    [
      '?by=user',
      "nothing can be told apart by 'user': 'by' is some of day, client, chain, link, model, with commas.",
    ],
    ['?from=tomorrow', "'from' must be a day"],
    ['?since=2026-11-01', "there is no 'since': ask with by, from, to, client."],
    ['?by=day&by=client', 'by'],
  ])('answers 400 to %s, with what to do', async (query, message) => {
    const { status, body, heard } = await get(query)

    expect([status, heard]).toEqual([400, []])
    expect(JSON.stringify(body)).toContain(message)
  })
})
