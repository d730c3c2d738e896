import { demand } from '../errors.ts'
import type { Clock } from '../time/clock.ts'

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /**
   * Goes on by `ms`: fires every timer that falls due on the way, in order and at its time, and lets everything that promises
   * set off run before and after each.
   */
  advance(ms: number): Promise<void>
  /** Timers that have neither fired nor been cancelled. */
  readonly pending: number
}

/** A clock for tests; it starts at `start` ms. */
export function fakeClock(start = 0): FakeClock {
  let now = start
  const timers = new Set<{ at: number; fn: () => void }>()
  const next = (until: number) => {
    let first: { at: number; fn: () => void } | undefined
    for (const timer of timers)
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer
    return first
  }
  return {
    now: () => now,
    after(ms, fn) {
      const timer = { at: now + Math.max(0, ms), fn }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    async advance(ms) {
      demand(ms >= 0, 'advance: ms', ms, 'a number of ms, at least 0')
      const until = now + ms
      await promiseJobs()
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.fn()
        await promiseJobs()
      }
      now = Math.max(now, until)
    },
    get pending() {
      return timers.size
    },
  }
}

function promiseJobs(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
