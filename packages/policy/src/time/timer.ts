import { type Clock, systemClock } from './clock.ts'
import { ensureTick, onTick } from './tick.ts'

/*
 * Nearly every time limit is cancelled soon after it is set. On the system clock a timer is therefore only put into a list, without looking at the
 * time; what is still there at the next tick is started then.
 *
 * I1  A timer is never early: it counts from a moment that is not before it was armed.
 * I2  It is late by a tick at most, and by what blocks the event loop; one shorter than `SHORT` is not late by a tick.
 * I3  `settle` answers with the very moment at which the timer will be due.
 */

/** Below this length, in ms, a tick more would matter. */
const SHORT = 128

/** Something to happen after some ms, unless it is disarmed. Extend it, and say what in `fire`. */
export abstract class Timer {
  abstract readonly ms: number
  before: Timer | undefined
  behind: Timer | undefined
  #due = Number.NaN
  #cancel: (() => void) | undefined

  abstract fire(): void

  /** Starts it on `clock`. */
  arm(clock: Clock): void {
    if (clock === systemClock && this.ms >= SHORT) wait(this)
    else this.start(clock, clock.now())
  }

  disarm(): void {
    if (this.#cancel !== undefined) this.#cancel()
    else unlink(this)
  }

  /** When it is due, in ms on `clock`, on which it was armed. */
  settle(clock: Clock): number {
    if (Number.isNaN(this.#due)) {
      const now = clock.now()
      if (unlink(this)) this.start(clock, now)
      else this.#due = now + this.ms
    }
    return this.#due
  }

  start(clock: Clock, now: number): void {
    this.#due = now + this.ms
    this.#cancel = clock.after(this.ms, () => this.fire(), now)
  }
}

/** Armed since the last tick, the latest first. */
let fresh: Timer | undefined
let awaited = false

function wait(timer: Timer): void {
  timer.behind = fresh
  if (fresh !== undefined) fresh.before = timer
  fresh = timer
  if (awaited) return ensureTick()
  awaited = true
  onTick(startAll)
}

function unlink(timer: Timer): boolean {
  const { before, behind } = timer
  if (before !== undefined) before.behind = behind
  else if (fresh === timer) fresh = behind
  else return false
  if (behind !== undefined) behind.before = before
  timer.before = timer.behind = undefined
  return true
}

function startAll(now: number): void {
  awaited = false
  let timer = fresh
  while (timer?.behind !== undefined) timer = timer.behind
  // The eldest first: timers of equal length fire in the order in which they were armed.
  while (timer !== undefined) {
    const next: Timer | undefined = timer.before
    unlink(timer)
    timer.start(systemClock, now)
    timer = next
  }
}
