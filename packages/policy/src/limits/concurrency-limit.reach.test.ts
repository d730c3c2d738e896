import { describe, expect, it } from 'vitest'
import { fallback } from '../fallback/fallback.ts'
import { type Policy, wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { type FakeClock, fakeClock } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { bulkhead } from './bulkhead.ts'
import { concurrencyLimit } from './concurrency-limit.ts'
import { rateLimit } from './rate-limit.ts'

const hang = () => new Promise<never>(() => {})

/** A limit that knows that an answer takes 100 ms, around policies whose one place further in is taken. */
async function crowded(inside: (clock: FakeClock) => readonly Policy<unknown>[], outside?: number) {
  const clock = fakeClock()
  const own = concurrencyLimit({ initial: 20, clock })
  for (let round = 0; round < 4; round++) {
    for (let n = 0; n < 5; n++) wrap(own)(() => new Promise<void>((resolve) => clock.after(100, resolve)))
    await clock.advance(100)
  }
  expect(own.status()).toMatchObject({ limit: 20, baseline: 100 })
  const further = inside(clock)
  wrap(further.at(-1)!)(hang)
  const around = outside === undefined ? [] : [timeout(outside, { clock })]
  return { clock, own, ask: wrap(...around, own, ...further) }
}

describe('concurrencyLimit and calls that do not get to the work', () => {
  it.each<[string, (clock: FakeClock) => readonly Policy<unknown>[], number | undefined]>([
    ['a timeout outside, in a queue', () => [bulkhead({ limit: 1, queue: 50 })], 500],
    [
      'a timeout inside, in a queue',
      (clock) => [timeout(500, { clock }), bulkhead({ limit: 1, queue: 50 })],
      undefined,
    ],
    ['the deadline, in a queue', () => [bulkhead({ limit: 1, queue: 50 })], undefined],
    [
      'a rate limit, after a retry has looked',
      (clock) => [
        retry({ clock, attempts: 1, when: () => true }),
        rateLimit({ limit: 1, per: 90_000, clock }),
      ],
      undefined,
    ],
  ])('learns nothing from %s', async (_, inside, outside) => {
    const { clock, own, ask } = await crowded(inside, outside)
    const called: string[] = []
    const asked = Array.from({ length: 5 }, () =>
      ask.attempt(() => called.push('work'), { deadline: clock.now() + 600 }),
    )
    await clock.advance(700)

    expect((await Promise.all(asked)).map(({ ok }) => ok)).toEqual([false, false, false, false, false])
    expect(called).toEqual([])
    expect(own.status()).toMatchObject({ limit: 20, latency: 100, inFlight: 0 })
  })

  it('does not take the answer of a fallback for that of the work', async () => {
    const { own, ask } = await crowded(() => [fallback(() => 'at once'), bulkhead(1)])
    for (let n = 0; n < 40; n++) expect(await ask(hang)).toBe('at once')

    expect(own.status()).toMatchObject({ limit: 20, latency: 100, baseline: 100 })
  })

  it('learns from the second time that a call comes, if that gets to the work', async () => {
    const clock = fakeClock()
    const own = concurrencyLimit({ initial: 20, clock })
    const ask = wrap(retry({ clock, backoff: [10] }), own, timeout(100, { clock }))
    let calls = 0
    const asked = ask.attempt(() => (++calls === 1 ? Promise.reject(new Error('down')) : hang()))
    await clock.advance(200)

    expect((await asked).ok).toBe(false)
    expect(own.status().limit).toBe(16)
  })
})
