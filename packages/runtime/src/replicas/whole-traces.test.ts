import type { TraceRecord } from '@holdfast/telemetry/tracing'
import { describe, expect, it } from 'vitest'
import { sampleTrace } from '../testing/index.ts'
import type { OtherEdges } from './other-edges.ts'
import { wholeTraces } from './whole-traces.ts'

/** Other processes that kept these. */
const others = (...kept: readonly (readonly TraceRecord[])[]): OtherEdges => ({
  number: async () => 1,
  ask: async <T>() =>
    kept.map((items, n) => ({ replica: n + 2, items: items as readonly unknown[] as readonly T[] })),
})
const at = (startedAt: number) => sampleTrace(`t${startedAt}`, { startedAt })

describe('wholeTraces', () => {
  it('lists those of all processes, the latest first, and no more than are asked for', async () => {
    const traces = wholeTraces(async () => [at(9), at(3)], others([at(7), at(1)], [at(8)]))

    expect((await traces({ most: 4 })).map(({ traceId }) => traceId)).toEqual(['t9', 't8', 't7', 't3'])
    expect(await traces({ id: 'x' })).toHaveLength(5)
  })

  it('leaves those of one process as they are', async () => {
    const own = [at(3), at(9)]

    expect(await wholeTraces(async () => own, others())({})).toBe(own)
  })
})
