import { describe, expect, it } from 'vitest'
import type { Call } from '../pipeline/work.ts'
import { wrap } from '../pipeline/wrap.ts'
import { cache } from '../reuse/cache.ts'
import { coalesce } from '../reuse/coalesce.ts'
import { fakeClock } from '../testing/index.ts'
import { systemClock } from '../time/clock.ts'
import { context, withContext } from './context.ts'

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true }

describe('work that is shared', () => {
  it('goes on when the context it began in ends, and keeps its trace and correlation (I3)', async () => {
    const first = new AbortController()
    const end = Promise.withResolvers<string>()
    const ask = wrap(coalesce())
    const seen: unknown[] = []
    const work = (call: Call) => {
      seen.push(context(), call.deadline, call.signal)
      return end.promise
    }
    const deadline = systemClock.now() + 60_000
    const left = withContext({ signal: first.signal, deadline, trace, correlation: 'c1' }, () =>
      ask(work, { key: 'k' }),
    ).catch((error: unknown) => error)
    const stays = ask(work, { key: 'k' })
    first.abort('gone')
    expect(await left).toBe('gone')
    end.resolve('value')

    expect(await stays).toBe('value')
    expect(seen).toEqual([
      { trace, correlation: 'c1' },
      Infinity,
      expect.objectContaining({ aborted: false }),
    ])
  })

  it('is refreshed for nobody in particular', async () => {
    const clock = fakeClock()
    const ask = wrap(cache({ ttl: 10, staleWhileRevalidate: 50, clock }))
    const request = new AbortController()
    const end = Promise.withResolvers<string>()
    await ask(() => 'old', { key: 'k' })
    await clock.advance(10)
    const stale = await withContext({ signal: request.signal }, () => ask(() => end.promise, { key: 'k' }))
    request.abort('answered')
    end.resolve('new')
    await clock.advance(0)

    expect(stale).toBe('old')
    expect(await ask(() => 'other', { key: 'k' })).toBe('new')
  })
})
