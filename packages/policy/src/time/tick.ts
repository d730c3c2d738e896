import { outside } from '../pipeline/apart.ts'

/*
 * Asking for the time costs as much as an asynchronous hop. What only counts may use a time that is some ms old: it is asked for once, and
 * forgotten when a timer of `TICK` ms has gone by.
 *
 * I1  The time read is never later than the true one, and older than `TICK` only while something blocks the event loop.
 * I2  While nobody reads there is no timer.
 * I3  A tick that was lost is not waited for: tests replace `setTimeout`, and what they had set is gone when they put it back.
 */

/** How old, in ms, the time of `coarseNow` may be. */
export const TICK = 8

let time = 0
/** The `setTimeout` that the coming tick was set with. */
let setBy: typeof setTimeout | undefined
let waiting: ((now: number) => void)[] = []

/** `performance.now()`, or what it was up to `TICK` ms ago. */
export function coarseNow(): number {
  if (setBy !== setTimeout) start()
  return time
}

/** Sees to it that there will be a tick, `TICK` ms from now at most unless the event loop is blocked. */
export function ensureTick(): void {
  if (setBy !== setTimeout) start()
}

/** Calls `fn` with the time at the next tick. */
export function onTick(fn: (now: number) => void): void {
  ensureTick()
  waiting.push(fn)
}

function start(): void {
  time = performance.now()
  setBy = setTimeout
  outside(() => setTimeout(tick, TICK))
}

function tick(): void {
  setBy = undefined
  const now = performance.now()
  const due = waiting
  waiting = []
  for (const fn of due) fn(now)
}
