import { expect, it } from 'vitest'
import { SseReader } from '../../packages/gateway/src/sse.ts'

// Each piece was put together with all that came before it: a picture of 4 MB in pieces of 1 kB kept everybody waiting for two seconds.
it('an event that comes in a million pieces is put together once', () => {
  const event = Buffer.from(`data: ${'x'.repeat(1_000_000)}\n\n`)
  const reader = new SseReader()
  const events = Array.from(event, (_, at) => reader.push(event.subarray(at, at + 1))).flat()

  expect(events.map(({ data }) => data?.length)).toEqual([1_000_000])
})
