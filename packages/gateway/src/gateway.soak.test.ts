import { describe, expect, it } from 'vitest'
import { cutStreams } from './testing/cut-streams.ts'

describe('ten thousand streams that are cut at a random byte', () => {
  it('end whole or with an error, in either dialect, hedged or not, and leave no connection open', async () => {
    const { wrong, reached, ...counts } = await cutStreams(10_000, 1_000_000)

    expect(wrong).toEqual([])
    for (const [what, count] of Object.entries({ ...counts, ...reached }))
      expect(count, what).toBeGreaterThan(100)
  })
})
