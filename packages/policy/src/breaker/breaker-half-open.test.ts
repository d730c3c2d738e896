import { describe, expect, it } from 'vitest'
import { wrap } from '../pipeline/wrap.ts'
import { fakeClock } from '../testing/index.ts'
import { breaker } from './breaker.ts'
import type { BreakerOptions } from './breaker-options.ts'
import { consecutive } from './consecutive.ts'
import { countWindow } from './count-window.ts'

const settled = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: { code?: string }) => ({ error: error.code ?? error }),
  )

/** A breaker that has just been opened, and whose open time is over. */
async function rig(options: BreakerOptions = {}) {
  const clock = fakeClock()
  const guard = breaker({ trip: consecutive(1), openFor: 1_000, clock, ...options })
  const ask = wrap(guard)
  await ask(() => Promise.reject(new Error('down'))).catch(() => {})
  await clock.advance(1_000)
  const start = (signal?: AbortSignal) => {
    const work = Promise.withResolvers<unknown>()
    let called = false
    const done = settled(
      ask(
        () => {
          called = true
          return work.promise
        },
        { signal },
      ),
    )
    return {
      ...work,
      done,
      get called() {
        return called
      },
    }
  }
  return { clock, guard, ask, start }
}

describe('a half-open breaker', () => {
  it('admits so many probes at a time, and closes after so many successes', async () => {
    const { guard, start } = await rig({ probes: 2, successes: 3 })
    const [one, two, three] = [start(), start(), start()]
    expect([one.called, two.called, three.called]).toEqual([true, true, false])
    expect(await three.done).toEqual({ error: 'BREAKER_OPEN' })
    one.resolve(1)
    two.resolve(2)
    await two.done
    expect(guard.status()).toMatchObject({ is: 'half-open', counts: { probes: 2, rejected: 1 } })
    const last = start()
    last.resolve(3)
    await last.done

    expect(guard.status()).toMatchObject({ is: 'closed', counts: { probes: 3, successes: 3 } })
  })

  it('has calls beyond the probes wait, and lets them in when it closes (I7)', async () => {
    const { clock, start } = await rig({ waiting: 2 })
    const probe = start()
    const [one, two, three] = [start(), start(), start()]
    expect(await three.done).toEqual({ error: 'BREAKER_OPEN' })
    expect([one.called, two.called]).toEqual([false, false])
    probe.resolve('well')
    await probe.done
    await clock.advance(0)
    expect([one.called, two.called]).toEqual([true, true])
    one.resolve(1)
    two.reject('late')

    expect(await Promise.all([one.done, two.done])).toEqual([{ value: 1 }, { error: 'late' }])
    expect(clock.pending).toBe(0)
  })

  it('turns those who wait away when it opens again (I7)', async () => {
    const { clock, guard, start } = await rig({ waiting: 2 })
    const probe = start()
    const waits = start()
    probe.reject(new Error('still down'))

    expect(await waits.done).toEqual({ error: 'BREAKER_OPEN' })
    expect(waits.called).toBe(false)
    expect(guard.status()).toMatchObject({ is: 'open', counts: { rejected: 1 } })
    expect(clock.pending).toBe(0)
  })

  it('gives a probe’s place to who waits when the probe counted as nothing', async () => {
    const { clock, guard, start } = await rig({ waiting: 2, ignored: (error) => error === 'mine' })
    const probe = start()
    const [one, two] = [start(), start()]
    probe.reject('mine')
    await probe.done
    await clock.advance(0)

    expect([one.called, two.called, guard.status().is]).toEqual([true, false, 'half-open'])
    one.resolve(1)
    await clock.advance(0)
    expect(two.called).toBe(true)
    two.resolve(2)
    await two.done
    expect(guard.status().is).toBe('closed')
  })

  it('lets go of who waits at once when they leave, and of no one else', async () => {
    const { clock, start } = await rig({ waiting: 2 })
    const caller = new AbortController()
    const probe = start()
    const [leaves, stays] = [start(caller.signal), start()]
    await clock.advance(100)
    caller.abort('enough')

    expect(await leaves.done).toEqual({ error: 'enough' })
    expect(clock.pending).toBe(1)
    const next = start()
    probe.resolve('well')
    await clock.advance(0)
    expect([leaves.called, stays.called, next.called]).toEqual([false, true, true])
  })

  it('does not wait for a hung probe longer than one open time (I5)', async () => {
    const { clock, guard, start } = await rig({ waiting: 1 })
    const hung = start()
    await clock.advance(400)
    const waits = start()
    await clock.advance(599)
    expect(waits.called).toBe(false)
    await clock.advance(1)
    expect(waits.called).toBe(true)
    hung.reject(new Error('at last'))
    await hung.done

    expect(guard.status()).toMatchObject({ is: 'half-open', counts: { ignored: 1 } })
    waits.resolve('well')
    await waits.done
    expect(guard.status().is).toBe('closed')
  })

  it('has who waits wait once more when another took the hung probe’s place', async () => {
    const { clock, start } = await rig({ waiting: 2 })
    start()
    await clock.advance(500)
    const [one, two] = [start(), start()]
    await clock.advance(500)
    expect([one.called, two.called]).toEqual([true, false])
    await clock.advance(999)
    expect(two.called).toBe(false)
    await clock.advance(1)

    expect(two.called).toBe(true)
  })

  it('gives back the place of a call that left at the moment it was let in', async () => {
    const { clock, guard, start } = await rig({ waiting: 1 })
    const caller = new AbortController()
    const probe = start()
    const waits = start(caller.signal)
    guard.on(({ type }) => {
      if (type === 'breaker.closed') queueMicrotask(() => caller.abort('just now'))
    })
    probe.resolve('well')
    await clock.advance(0)

    expect(await waits.done).toEqual({ error: 'just now' })
    const { calls, successes, failures, ignored } = guard.status().counts
    expect(calls).toBe(successes + failures + ignored)
  })

  it('opens again at a slow probe, where calls can be slow', async () => {
    const trip = countWindow({ calls: 1, slowAfter: 100, slowRate: 1 })
    const { clock, guard, start } = await rig({ trip })
    const heard: unknown[] = []
    guard.on((event) => heard.push(event))
    const slow = start()
    await clock.advance(100)
    slow.resolve('at last')
    await slow.done

    expect(guard.status()).toMatchObject({ is: 'open', counts: { successes: 1 } })
    expect(heard.at(-1)).toMatchObject({ type: 'breaker.opened', error: undefined })
  })
})
