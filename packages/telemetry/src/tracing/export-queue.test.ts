import { type FakeClock, fakeClock } from '@holdfast/policy/testing'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { isTracingSuppressed } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExportQueue } from './export-queue.ts'

const spans = (count: number) =>
  Array.from(
    { length: count },
    () => ({ name: 'x', status: {}, events: [], links: [] }) as unknown as ReadableSpan,
  )

/** A collector that answers when it is told to. */
const collector = () => {
  const batches: number[] = []
  const asked: ((code: number) => void)[] = []
  const exporter: SpanExporter = {
    export(batch, done) {
      batches.push(batch.length)
      asked.push((code) => done({ code }))
    },
    shutdown: async () => {},
  }
  return { exporter, batches, asked, answer: (code: number) => asked.shift()!(code) }
}
const set = (most = 1_000, timeout = 1_000_000) => {
  const there = collector()
  const clock: FakeClock = fakeClock()
  return { ...there, clock, queue: new ExportQueue({ exporter: there.exporter, clock, most, timeout }) }
}

describe('ExportQueue', () => {
  it('waits a second for more, then sends (I4)', async () => {
    const { queue, clock, batches, answer } = set()
    queue.push(spans(1))
    await clock.advance(999)
    queue.push(spans(2))
    expect(batches).toEqual([])
    await clock.advance(1)
    expect(batches).toEqual([3])
    answer(0)
    await clock.advance(0)

    expect(queue.counts).toEqual({ waiting: 0, sent: 3, failed: 0, dropped: 0 })
    expect(clock.pending).toBe(0)
  })

  it('sends at once what fills a batch, one batch at a time (I3)', async () => {
    const { queue, clock, batches, answer } = set()
    queue.push(spans(600))
    await clock.advance(0)
    expect(batches).toEqual([256])
    await clock.advance(5_000)
    expect(batches).toEqual([256])
    answer(0)
    await clock.advance(0)
    expect(batches).toEqual([256, 256])
    answer(0)
    await clock.advance(1_000)

    expect(batches).toEqual([256, 256, 88])
  })

  it('drops and counts what does not fit (I1)', async () => {
    const { queue, clock } = set(300)
    queue.push(spans(200))
    queue.push(spans(200))

    expect(queue.counts).toEqual({ waiting: 300, sent: 0, failed: 0, dropped: 100 })
    await clock.advance(0)
    queue.push(spans(300))
    expect(queue.counts).toMatchObject({ waiting: 300, dropped: 100 + 44 })
  })

  it('asks a dead collector less and less often, and a living one as before', async () => {
    const { queue, clock, batches, answer } = set()
    for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      queue.push(spans(300))
      await clock.advance(wait - 1)
      const before = batches.length
      await clock.advance(1)
      if (wait > 1_000) expect(batches.length).toBe(before + 1)
      answer(1)
      await clock.advance(0)
    }
    await clock.advance(60_000)
    answer(0)
    queue.push(spans(256))
    await clock.advance(0)

    expect(batches.length).toBe(10)
  })

  it('counts what a broken exporter throws as failed', async () => {
    const clock = fakeClock()
    const exporter = {
      export() {
        throw new Error('broken')
      },
      shutdown: async () => {},
    }
    const queue = new ExportQueue({ exporter, clock, most: 10, timeout: 1_000 })
    queue.push(spans(2))
    await clock.advance(1_000)

    expect(queue.counts).toEqual({ waiting: 0, sent: 0, failed: 2, dropped: 0 })
  })

  it('waits no longer than it may for an answer that does not end (I5)', async () => {
    const { queue, clock, batches, asked } = set(1_000, 10_000)
    queue.push(spans(600))
    await clock.advance(0)
    await clock.advance(9_999)
    expect(queue.counts).toMatchObject({ waiting: 344, failed: 0 })
    await clock.advance(1)
    expect(queue.counts).toMatchObject({ waiting: 344, failed: 256 })
    await clock.advance(2_000)
    asked[0]!(0)
    asked[1]!(0)
    await clock.advance(0)

    expect(batches).toEqual([256, 256])
    expect(queue.counts).toEqual({ waiting: 88, sent: 256, failed: 256, dropped: 0 })
  })

  it('sends outside of every trace', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager())
    const suppressed: boolean[] = []
    const exporter: SpanExporter = {
      export(_, done) {
        suppressed.push(isTracingSuppressed(context.active()))
        done({ code: 0 })
      },
      shutdown: async () => {},
    }
    const queue = new ExportQueue({ exporter, clock: fakeClock(), most: 10, timeout: 1_000 })
    queue.push(spans(1))
    await queue.flush()
    context.disable()

    expect(suppressed).toEqual([true])
  })

  it('flushes all, with what is on its way', async () => {
    const { queue, clock, answer, asked } = set()
    queue.push(spans(600))
    await clock.advance(0)
    const flushed = queue.flush()
    while (asked.length > 0) {
      answer(0)
      await clock.advance(0)
    }
    await flushed

    expect(queue.counts).toEqual({ waiting: 0, sent: 600, failed: 0, dropped: 0 })
    expect(clock.pending).toBe(0)
    await queue.flush()
  })

  it('gives up flushing with the first batch that fails', async () => {
    const { queue, clock, answer, batches } = set()
    queue.push(spans(600))
    const flushed = queue.flush()
    await clock.advance(0)
    answer(1)
    await flushed

    expect(batches).toEqual([256])
    expect(queue.counts).toEqual({ waiting: 0, sent: 0, failed: 600, dropped: 0 })
    expect(clock.pending).toBe(0)
  })

  it('loses no span, whatever comes when (I1, I2, I3, I4)', async () => {
    const step = fc.oneof(
      fc.record({ does: fc.constant('push' as const), count: fc.nat(400) }),
      fc.record({ does: fc.constant('wait' as const), count: fc.nat(3_000) }),
      fc.record({ does: fc.constant('answer' as const), count: fc.nat(1) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { queue, clock, batches, asked, answer } = set(500)
        let pushed = 0
        for (const { does, count } of steps) {
          if (does === 'push') queue.push(spans(count))
          if (does === 'push') pushed += count
          if (does === 'wait') await clock.advance(count)
          if (does === 'answer' && asked.length > 0) answer(count)
          await clock.advance(0)
          const { waiting, sent, failed, dropped } = queue.counts
          const onItsWay = asked.length > 0 ? batches.at(-1)! : 0
          expect(asked.length).toBeLessThanOrEqual(1)
          expect(waiting).toBeLessThanOrEqual(500)
          expect(waiting + sent + failed + dropped + onItsWay).toBe(pushed)
          expect(clock.pending).toBe(waiting > 0 || asked.length > 0 ? 1 : 0)
        }
      }),
      { seed: 1, numRuns: 100 },
    )
  })
})
