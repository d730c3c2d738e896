/*
 * Asking for the time costs as much as an asynchronous hop. What only counts may use a time that is some ms old: it is asked for once, and
 * forgotten when a timer of `TICK` ms has gone by.
 *
 * I1  The time read is never later than the true one, and older than `TICK` only while something blocks the event loop.
 * I2  While nobody reads there is no timer.
 */

/** How old, in ms, the time of `coarseNow` may be. */
export const TICK = 8

let time = 0
let ticking = false
const waiting: ((now: number) => void)[] = []

/** `performance.now()`, or what it was up to `TICK` ms ago. */
export function coarseNow(): number {
  if (!ticking) start()
  return time
}

/** Calls `fn` with the time at the next tick, `TICK` ms from now at most unless the event loop is blocked. */
export function onTick(fn: (now: number) => void): void {
  if (!ticking) start()
  waiting.push(fn)
}

function start(): void {
  time = performance.now()
  ticking = true
  setTimeout(tick, TICK)
}

function tick(): void {
  ticking = false
  const now = performance.now()
  for (const fn of waiting.splice(0)) fn(now)
}
