import { type Clock, systemClock } from '@holdfast/policy'

/** By how much an event loop was late for its timers of late, in ms. */
export interface Lag {
  readonly worst: number
  /** Above 0 only if it was never in time. */
  readonly least: number
}

/** Watches the event loop of this process. */
export interface LoopLag {
  latest(): Lag
  close(): void
}

export interface LoopLagOptions {
  readonly clock?: Clock
  /** Never rejects. */
  readonly after?: Promise<unknown>
}

/** How often the loop is looked at, and what counts as of late; ms. */
const every = 500
const window = 10_000

/*
 * I1  There is one timer at a time, and none after `close`.
 * I2  Its lateness is kept for 10 s; there is always one that is kept. A loop that has just begun was in time.
 */
/** Looks twice a second by how much a timer comes late, and remembers it for 10 s. It begins with `after`: what is loaded first holds every loop. */
export function loopLag({ clock = systemClock, after }: LoopLagOptions = {}): LoopLag {
  let kept = [{ at: clock.now(), late: 0 }]
  let cancel = (): void => {}
  let closed = false

  const look = (): void => {
    if (closed) return
    const due = clock.now() + every
    cancel = clock.after(every, () => {
      const at = clock.now()
      kept = [...kept.filter((sample) => at - sample.at < window), { at, late: Math.max(0, at - due) }]
      look()
    })
  }
  if (after === undefined) look()
  else void after.then(look)
  return {
    latest() {
      const late = kept.map((sample) => sample.late)
      return { worst: Math.max(...late), least: Math.min(...late) }
    },
    close() {
      closed = true
      cancel()
    },
  }
}
