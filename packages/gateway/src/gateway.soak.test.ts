import { describe, expect, it } from 'vitest'
import { cutStreams } from './testing/cut-streams.ts'

describe('ten thousand streams that are cut at a random byte', () => {
  it('end whole or with an error, and leave no connection open', async () => {
    const { wrong, ...counts } = await cutStreams(10_000, 1_000_000)

    expect(wrong).toEqual([])
    for (const [verdict, count] of Object.entries(counts)) expect(count, verdict).toBeGreaterThan(100)
  })
})
