import type { Clock } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { loopLag } from './loop-lag.ts'

describe('loopLag', () => {
  it('finds nothing in a loop that is in time', async () => {
    const clock = fakeClock()
    const lag = loopLag({ clock })

    await clock.advance(60_000)

    expect(lag.latest()).toEqual({ worst: 0, least: 0 })
  })

  it('remembers for 10 s that the loop was late once', async () => {
    const clock = lateClock(300)
    const lag = loopLag({ clock })
    clock.late = 0
    await clock.advance(800)
    expect(lag.latest()).toEqual({ worst: 300, least: 0 })

    await clock.advance(9_999)
    expect(lag.latest()).toEqual({ worst: 300, least: 0 })
    await clock.advance(1)
    expect(lag.latest()).toEqual({ worst: 0, least: 0 })
  })

  it('knows a loop that has not been in time once, after 10 s and not before', async () => {
    const clock = lateClock(1_500)
    const lag = loopLag({ clock })

    await clock.advance(9_000)
    expect(lag.latest()).toEqual({ worst: 1_500, least: 0 })
    await clock.advance(2_000)
    expect(lag.latest()).toEqual({ worst: 1_500, least: 1_500 })
    clock.late = 0
    await clock.advance(2_000)
    expect(lag.latest()).toEqual({ worst: 1_500, least: 0 })
  })

  it('does not count what is loaded before it begins', async () => {
    const clock = lateClock(900)
    const loading = Promise.withResolvers<void>()
    const lag = loopLag({ clock, after: loading.promise })
    await clock.advance(5_000)
    clock.late = 0

    loading.resolve()
    await clock.advance(2_000)

    expect(lag.latest()).toEqual({ worst: 0, least: 0 })
  })

  it('does not begin once it is closed (I1)', async () => {
    const clock = fakeClock()
    const loading = Promise.withResolvers<void>()
    loopLag({ clock, after: loading.promise }).close()

    loading.resolve()
    await clock.advance(1)

    expect(clock.pending).toBe(0)
  })

  it('leaves no timer behind (I1)', async () => {
    const clock = fakeClock()
    const lag = loopLag({ clock })
    await clock.advance(1_000)

    lag.close()

    expect(clock.pending).toBe(0)
  })
})

/** A clock whose timers come late by so much. */
function lateClock(late: number): Clock & { late: number; advance(ms: number): Promise<void> } {
  const clock = fakeClock()
  return {
    late,
    now: clock.now,
    advance: clock.advance,
    after(ms, fn) {
      return clock.after(ms + this.late, fn)
    },
  }
}
