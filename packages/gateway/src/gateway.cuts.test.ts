import { describe, expect, it } from 'vitest'
import { cutStreams } from './testing/cut-streams.ts'

describe('a stream that is cut at a random byte', () => {
  it('ends whole or with an error, in either dialect, hedged or not, and leaves no connection open', async () => {
    const { wrong, reached, ...counts } = await cutStreams(480, 1)

    expect(wrong).toEqual([])
    for (const [verdict, count] of Object.entries({ ...counts, ...reached }))
      expect(count, verdict).toBeGreaterThan(0)
  }, 30_000)
})
