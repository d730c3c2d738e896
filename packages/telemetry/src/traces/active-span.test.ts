import { describe, expect, it } from 'vitest'
import { tracing } from '../tracing/index.ts'
import { activeSpan } from './active-span.ts'
import { traced } from './traced.ts'

describe('activeSpan', () => {
  it('is the span in which it is asked, and what is said about it is kept', async () => {
    await using running = tracing({ service: 't' })
    traced('outer', () => activeSpan()?.setAttribute('a', 1))()

    expect(running.traces()).toMatchObject([{ name: 'outer', spans: [{ attributes: { a: 1 } }] }])
  })

  it('is nothing outside of any, where none is recorded, and without tracing', async () => {
    expect(traced('off', activeSpan)()).toBeUndefined()
    await using _ = tracing({ service: 't', sample: 0 })

    expect(activeSpan()).toBeUndefined()
    expect(traced('unsampled', activeSpan)()).toBeUndefined()
  })
})
