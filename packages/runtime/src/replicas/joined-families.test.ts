import type { Family } from '@holdfast/telemetry'
import { describe, expect, it } from 'vitest'
import { fromJson, inPieces, joinedFamilies } from './joined-families.ts'

const counts = (...values: readonly number[]): Family => ({
  name: 'a_total',
  help: 'A.',
  type: 'counter',
  samples: values.map((value, n) => ({ labels: { n: String(n) }, value })),
})
const took: Family = {
  name: 'took_seconds',
  help: 'B.',
  type: 'histogram',
  samples: [
    {
      labels: {},
      bounds: [1],
      buckets: [1],
      sum: 3,
      count: 2,
      exemplars: [undefined, { traceId: 't', value: 2, at: 1 }],
    },
  ],
}

describe('joinedFamilies', () => {
  it('makes one family of those of a name, and says of each sample whose it is', () => {
    const joined = joinedFamilies([
      { labels: { replica: '1' }, families: [counts(1), took] },
      { labels: { replica: '2' }, families: [counts(2)] },
      { labels: {}, families: [counts(3)] },
    ])

    expect(joined.map(({ name }) => name)).toEqual(['a_total', 'took_seconds'])
    expect(joined[0]?.samples).toEqual([
      { labels: { replica: '1', n: '0' }, value: 1 },
      { labels: { replica: '2', n: '0' }, value: 2 },
      { labels: { n: '0' }, value: 3 },
    ])
  })
})

describe('inPieces', () => {
  it('cuts families that are long, which joinedFamilies puts together again', () => {
    const long = counts(...Array.from({ length: 250 }, (_, n) => n))

    const pieces = inPieces([long, took])

    expect(pieces.map(({ samples }) => samples.length)).toEqual([100, 100, 50, 1])
    expect(joinedFamilies([{ labels: {}, families: pieces }])).toEqual([long, took])
  })
})

describe('fromJson', () => {
  it('gives back what JSON has no word for', () => {
    const sent = JSON.parse(JSON.stringify([counts(Number.NaN, 2), took])) as Family[]

    expect(fromJson(sent)).toEqual([counts(Number.NaN, 2), took])
  })
})
