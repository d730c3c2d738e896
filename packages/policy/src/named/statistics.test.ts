import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { wrap } from '../pipeline/wrap.ts'
import { retry } from '../retry/retry.ts'
import { fakeClock, policyContract } from '../testing/index.ts'
import { timeout } from '../time/timeout.ts'
import { type Statistics, statistics } from './statistics.ts'

policyContract('statistics', () => statistics(), { describe, it, expect })

/** A stage that changes nothing, and brings a clock. */
const on = (clock: ReturnType<typeof fakeClock>) => timeout(1e9, { clock })
const fail = () => Promise.reject(new Error('no'))
const after = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))
const none = { calls: 0, successes: 0, failures: 0, rejected: 0, aborted: 0, inFlight: 0 }

describe('statistics', () => {
  it('counts each call by how it ended', async () => {
    const clock = fakeClock()
    const stats = statistics({ name: 'all' })
    const gate = breaker({ failures: 1, clock })
    const ask = wrap(stats, gate)
    const caller = new AbortController()
    const left = ask(() => new Promise(() => {}), { signal: caller.signal })
    const hanging = ask(() => new Promise(() => {}))
    void hanging
    caller.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    await ask(() => undefined)
    await expect(ask(fail)).rejects.toThrow('no')
    await expect(ask(() => 1)).rejects.toMatchObject({ code: 'BREAKER_OPEN' })
    await ask.attempt(() => 1)

    expect(stats.status()).toMatchObject({
      name: 'all',
      counts: { calls: 6, successes: 1, failures: 1, rejected: 2, aborted: 1, inFlight: 1 },
    })
  })

  it('makes no error for a call that was turned away when nobody looks at it', async () => {
    let made = 0
    const closed = {
      name: 'closed',
      enter: () => ({ refuse: () => new Error(`${++made}`) }),
      leave: () => undefined,
    }
    const stats = statistics()

    await wrap(stats, closed).attempt(() => 1)

    expect([made, stats.status().counts.rejected]).toEqual([0, 1])
  })

  it('counts a deadline and a time limit as failures, and a refusal by a pipeline inside as a refusal', async () => {
    const clock = fakeClock()
    const stats = statistics()
    const ask = wrap(stats, timeout(50, { clock }))
    const hang = () => new Promise(() => {})
    const ended = Promise.allSettled([ask(hang), ask(hang, { deadline: 20 })])
    await clock.advance(100)
    await ended
    const open = breaker({ clock })
    open.isolate()
    await ask.attempt(() => wrap(open)(() => 1))

    expect(stats.status().counts).toMatchObject({ failures: 2, rejected: 1, aborted: 0 })
  })

  it('counts what comes out in the end: a call that was saved by a second attempt succeeded', async () => {
    const clock = fakeClock()
    const stats = statistics()
    let attempts = 0
    const answer = wrap(
      stats,
      retry({ attempts: 2, clock, random: () => 0.5 }),
    )(() => (++attempts === 1 ? fail() : 'yes'))
    await clock.advance(10_000)

    expect(await answer).toBe('yes')
    expect(stats.status()).toMatchObject({ counts: { calls: 1, successes: 1 } })
    expect(stats.status().durations!.max / 500).toBeCloseTo(1, 0)
  })

  it('tells the durations of successes and failures on a fake clock, all of them', async () => {
    const clock = fakeClock(5_000)
    const stats = statistics()
    const ask = wrap(stats, on(clock))
    const take = (ms: number, end: () => unknown) =>
      ask(() => new Promise<void>((done) => clock.after(ms, done)).then(end))
    const calls = [
      ...Array.from({ length: 98 }, () => take(100, () => 1)),
      take(1_000, fail).catch(() => {}),
      take(2_000, () => 1),
    ]
    await clock.advance(2_000)
    await Promise.all(calls)
    const { p50, p90, p99, max } = stats.status().durations!

    for (const [told, real] of [
      [p50, 100],
      [p90, 100],
      [p99, 1_000],
      [max, 2_000],
    ] as const)
      expect(Math.abs(told - real) / real).toBeLessThan(0.1)
  })

  it('does not time what was turned away or abandoned', async () => {
    const clock = fakeClock()
    const closed = breaker({ clock })
    closed.isolate()
    const stats = statistics()
    const caller = new AbortController()
    const left = wrap(stats, on(clock)).attempt(() => new Promise(() => {}), { signal: caller.signal })
    await clock.advance(100)
    caller.abort()
    await left
    await wrap(stats, closed).attempt(() => 1)

    expect(stats.status()).toMatchObject({ counts: { rejected: 1, aborted: 1 }, durations: undefined })
  })

  it('keeps no durations if told so, and asks no clock', async () => {
    let asked = 0
    const clock = { now: () => ++asked, after: () => () => {} }
    const idle = { name: 'idle', clock, enter: () => undefined, leave: () => undefined }
    const stats = statistics({ durations: false })
    await wrap(stats, idle)(() => 1)

    expect(stats.status()).toMatchObject({ counts: { successes: 1 }, durations: undefined })
    expect(asked).toBe(0)
  })

  it('times one of many calls in a tick of the system clock, and every call when they are rare (I2)', async () => {
    const ofMany = statistics()
    const ask = wrap(ofMany)
    // All begin before a tick can end; only the first is quick.
    await Promise.all(Array.from({ length: 50 }, (_, n) => ask(() => (n === 0 ? undefined : after(80)))))
    const ofFew = statistics()
    for (const ms of [0, 30]) {
      await wrap(ofFew)(() => after(ms))
      await after(9)
    }

    expect(ofMany.status().durations!.max).toBeLessThan(40)
    expect(ofFew.status().durations!.p50).toBeLessThan(ofFew.status().durations!.max)
  })

  it('times calls that came late in a burst as well as early ones', async () => {
    const stats = statistics()
    const ask = wrap(stats)
    for (let burst = 0; burst < 8; burst++)
      await Promise.all(Array.from({ length: 8 }, (_, n) => ask(() => after(5 * (n + 1)))))
    const { p50, max } = stats.status().durations!

    expect(max / p50).toBeGreaterThan(1.4)
    expect(stats.status().counts.calls).toBe(64)
  })

  it('begins anew after reset, with those in flight still in flight', async () => {
    const clock = fakeClock()
    const stats = statistics()
    const ask = wrap(stats, on(clock))
    let release = () => {}
    const first = ask(() => new Promise<void>((done) => (release = done)))
    await ask(() => 1)
    stats.reset()

    expect(stats.status()).toEqual({
      name: 'statistics',
      counts: { ...none, calls: 1, inFlight: 1 },
      durations: undefined,
    })
    release()
    await first
    expect(stats.status().counts).toEqual({ ...none, calls: 1, successes: 1 })
  })

  it('refuses an option it does not know', () => {
    expect(() => statistics({ percentiles: true } as object)).toThrow(/statistics.percentiles/)
  })

  it('keeps its sum whatever happens in whatever order (I1)', async () => {
    const step = fc.constantFrom('begin', 'succeed', 'fail', 'abort', 'turn away', 'reset')
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = fakeClock()
      const stats = statistics()
      const gate = breaker({ failures: 1_000, clock })
      const ask = wrap(stats, gate)
      const open: { resolve(): void; reject(error: Error): void; caller: AbortController }[] = []
      const settled: Promise<unknown>[] = []
      for (const each of steps) {
        if (each === 'begin' || each === 'turn away') {
          if (each === 'turn away') gate.isolate()
          const caller = new AbortController()
          const work = () =>
            new Promise<void>((resolve, reject) => void open.push({ resolve, reject, caller }))
          settled.push(ask.attempt(work, { signal: caller.signal }))
          gate.reset()
        } else if (each === 'reset') stats.reset()
        else {
          const call = open.shift()
          if (each === 'succeed') call?.resolve()
          else if (each === 'fail') call?.reject(new Error('no'))
          else call?.caller.abort()
        }
        await new Promise((done) => setImmediate(done))
        const { counts } = stats.status()
        expect(counts.inFlight).toBe(open.length)
        expect(Object.values(counts).every((count) => count >= 0)).toBe(true)
        expect(counts.calls).toBe(sum(stats))
      }
      for (const { resolve } of open) resolve()
      await Promise.all(settled)
      expect(stats.status().counts.inFlight).toBe(0)
    })

    await fc.assert(property, { seed: 1, numRuns: 100 })
  })
})

function sum(stats: Statistics): number {
  const { successes, failures, rejected, aborted, inFlight } = stats.status().counts
  return successes + failures + rejected + aborted + inFlight
}
