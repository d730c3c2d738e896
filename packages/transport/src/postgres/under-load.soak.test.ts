import { seededRandom } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { postgresServer } from '../testing/index.ts'
import { underLoad } from '../testing/postgres-under-load.ts'

describe('postgres, killed under load again and again', () => {
  it('does nothing twice and loses nothing that was answered', async () => {
    await using server = await postgresServer()
    await server.start()
    const seen = await underLoad(server, 60, seededRandom(2))

    expect(seen).toMatchObject({ twice: 0, missing: 0 })
    expect(seen.transactions[0]).toBe(seen.transactions[1])
    expect(seen.answered).toBeGreaterThan(5_000)
  })
})
