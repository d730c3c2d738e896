import { describe, expect, it } from 'vitest'
import { leavingClients } from './testing/leaving-clients.ts'

describe('five thousand clients that go away at a random byte', () => {
  it('leave no connection to a provider behind', async () => {
    const { counts, hedged } = await leavingClients(5_000, 1_000_000)

    expect(hedged).toBeGreaterThan(100)
    for (const each of counts)
      expect(each).toMatchObject({ cancelled: each.requests, failed: 0, answered: {} })
  })
})
