import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { breaker } from './breaker/breaker.ts'
import { timeWindow } from './breaker/time-window.ts'
import { BreakerOpenError, TimeoutError } from './errors.ts'
import { bulkhead } from './limits/bulkhead.ts'
import type { Work } from './pipeline/work.ts'
import { wrap } from './pipeline/wrap.ts'
import { retry } from './retry/retry.ts'
import { fakeClock } from './testing/index.ts'
import { systemClock } from './time/clock.ts'
import { timeout } from './time/timeout.ts'

/*
 * Eleven things that careful libraries get wrong, each measured there before it became a test here: cockatiel 4.0.0, opossum 10.0.0, mollitia 0.1.1. What
 * they do is in brackets.
 */

const hang: Work<never> = () => new Promise(() => {})
const down = async () => {
  throw new Error('down')
}
const collect = garbageCollector()

/** What becomes of a promise, for as long as nothing is waited for. */
function watched(promise: Promise<unknown>) {
  const seen: { is: 'pending' | 'value' | 'error'; what?: unknown } = { is: 'pending' }
  promise.then(
    (what) => Object.assign(seen, { is: 'value', what }),
    (what) => Object.assign(seen, { is: 'error', what }),
  )
  return seen
}

/** A call that stays in flight until it is told how to end. */
function pending() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  return { work: () => promise, resolve, reject }
}

describe('the probes that other libraries fail', () => {
  it('1: an abort 50 ms into a backoff of 1 s settles the call at 50 ms (cockatiel: at 1001 ms, after one more call of the work)', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    let calls = 0
    const ask = wrap(retry({ clock, backoff: { initial: 1_000, max: 1_000, jitter: 'none' } }))
    const seen = watched(
      ask(() => Promise.reject(new Error(`attempt ${++calls}`)), { signal: caller.signal }),
    )

    await clock.advance(50)
    caller.abort('gone')
    await clock.advance(0)
    expect(seen).toEqual({ is: 'error', what: 'gone' })
    await clock.advance(10_000)

    expect([calls, clock.pending]).toEqual([1, 0])
  })

  it('2: a second caller who aborts at 100 ms while a probe hangs is settled at 100 ms (cockatiel: never)', async () => {
    const clock = fakeClock()
    const ask = wrap(breaker({ clock, failures: 1, openFor: 1_000, waiting: 1 }))
    await ask.attempt(down)
    await clock.advance(1_000)
    void ask(hang)
    const caller = new AbortController()
    const second = watched(ask(async () => 'fine', { signal: caller.signal }))
    const third = watched(ask(async () => 'fine'))

    await clock.advance(100)
    expect([second.is, third.is]).toEqual(['pending', 'error'])
    expect(third.what).toBeInstanceOf(BreakerOpenError)
    caller.abort('gone')
    await clock.advance(0)

    expect(second).toEqual({ is: 'error', what: 'gone' })
  })

  it('3: the failure of a call begun before the trip, arriving after recovery, opens nothing (cockatiel: opens again)', async () => {
    const clock = fakeClock()
    const circuit = breaker({ clock, failures: 1, openFor: 1_000 })
    const ask = wrap(circuit)
    const states: string[] = []
    circuit.on(({ type }) => states.push(type))
    const old = pending()
    const late = ask.attempt(old.work)
    await ask.attempt(down)
    await clock.advance(1_000)
    await ask(async () => 'fine')

    old.reject(new Error('an old story'))
    await late

    expect(circuit.status().is).toBe('closed')
    expect(states).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.closed'])
  })

  it('4: one failure after four and 5 idle minutes opens no window of 5 s (cockatiel: opens)', async () => {
    const clock = fakeClock()
    const trip = timeWindow({ duration: 5_000, failureRate: 0.5, minimumCalls: 5 })
    const circuit = breaker({ clock, trip })
    const ask = wrap(circuit)
    for (let call = 0; call < 4; call++) await ask.attempt(down)
    await clock.advance(300_000)

    await ask.attempt(down)

    expect(circuit.status().is).toBe('closed')
    expect(circuit.status().window.calls).toBe(1)
    for (let call = 0; call < 4; call++) await ask.attempt(down)
    expect(circuit.status().is).toBe('open')
  })

  it('5: a wall clock stepped back by an hour keeps no breaker open (cockatiel: open an hour longer)', async () => {
    const circuit = breaker({ failures: 1, openFor: 20 })
    const ask = wrap(circuit)
    await ask.attempt(down)
    const wall = Date.now
    Date.now = () => wall() - 3_600_000
    try {
      expect(circuit.status().retryAfter).toBeLessThanOrEqual(20)
      await new Promise<void>((go) => systemClock.after(circuit.status().retryAfter, go))

      expect(await ask(async () => 'fine')).toBe('fine')
    } finally {
      Date.now = wall
    }
    expect(circuit.status().is).toBe('closed')
  })

  it('6: a call in the queue of a bulkhead that is aborted at 20 ms is settled at 20 ms, and gives its place up (cockatiel: at 1001 ms)', async () => {
    const clock = fakeClock()
    const room = bulkhead({ limit: 1, queue: 1, clock })
    const ask = wrap(room)
    const first = pending()
    const inside = ask(first.work)
    const caller = new AbortController()
    let called = false
    const queued = watched(
      ask(
        () => {
          called = true
        },
        { signal: caller.signal },
      ),
    )
    await clock.advance(20)
    expect([queued.is, room.status().waiting]).toEqual(['pending', 1])

    caller.abort('gone')
    await clock.advance(0)

    expect(queued).toEqual({ is: 'error', what: 'gone' })
    expect([room.status().waiting, room.status().inFlight, called]).toEqual([0, 1, false])
    const next = ask(async () => 'fine')
    first.resolve('done')
    expect([await inside, await next, room.status().inFlight]).toEqual(['done', 'fine', 0])
  })

  it('7: work that answers undefined, at once, is a success (opossum: TypeError, reading then)', async () => {
    const circuit = breaker()
    const ask = wrap(retry(), circuit, timeout(1_000))

    expect(await ask(() => undefined)).toBe(undefined)
    expect(circuit.status().counts.successes).toBe(1)
  })

  it('8: the success of a call begun before the trip, arriving while half-open, closes nothing (opossum: closes)', async () => {
    const clock = fakeClock()
    const circuit = breaker({ clock, failures: 1, openFor: 1_000 })
    const ask = wrap(circuit)
    const old = pending()
    const late = ask(old.work)
    await ask.attempt(down)
    await clock.advance(1_000)
    const probe = pending()
    const probing = ask.attempt(probe.work)
    expect(circuit.status().is).toBe('half-open')

    old.resolve('an old story')
    await late

    expect(circuit.status().is).toBe('half-open')
    probe.reject(new Error('still down'))
    await probing
    expect(circuit.status().is).toBe('open')
  })

  it('9: a probe that hangs gives its place to the next call after one open time (opossum: rejects for as long as it hangs)', async () => {
    const clock = fakeClock()
    const circuit = breaker({ clock, failures: 1, openFor: 1_000 })
    const ask = wrap(circuit)
    await ask.attempt(down)
    await clock.advance(1_000)
    void ask(hang)
    expect((await ask.attempt(async () => 'fine')).ok).toBe(false)
    await clock.advance(1_000)

    expect(await ask(async () => 'fine')).toBe('fine')
    expect(circuit.status().is).toBe('closed')
  })

  it('10: a pipeline that nobody holds any more is collected (mollitia: kept for ever)', async () => {
    const dropped = await Promise.all(Array.from({ length: 10 }, use))
    await new Promise(setImmediate)
    collect()

    expect(dropped.flat().filter((part) => part.deref() !== undefined)).toEqual([])
  })

  it('11: work under a timeout has a signal, aborted when the time is up and not before (mollitia: no signal)', async () => {
    const clock = fakeClock()
    const signals: AbortSignal[] = []
    const seen = watched(
      wrap(timeout(1_000, { clock }))((call) => {
        signals.push(call.signal)
        return hang(call)
      }),
    )
    await clock.advance(999)
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(1)

    expect(signals[0]?.reason).toBeInstanceOf(TimeoutError)
    expect(seen.what).toBe(signals[0]?.reason)
  })
})

/** Makes a pipeline, calls it, and keeps nothing of it. */
async function use(): Promise<WeakRef<object>[]> {
  const circuit = breaker({ failures: 1 })
  const ask = wrap(retry({ attempts: 1 }), circuit, timeout(30_000))
  await ask.attempt(down)
  await ask.attempt(async () => 'fine')
  return [new WeakRef(ask), new WeakRef(circuit)]
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
