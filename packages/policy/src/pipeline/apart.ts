/** Runs a function, so that what stands around whoever runs it (a deadline, a signal) does not stand around what it sets off. */
export type Apart = <T>(fn: () => T) => T

/** For work that is done for several callers, or for none. There is nothing to keep it apart from until the door for Node brings contexts. */
export let apart: Apart = (fn) => fn()

/** From now on, `by` keeps work apart. */
export function keepApart(by: Apart): void {
  apart = by
}

/** For timers that many calls share, which must not keep alive, or run in, what stands around the one that set them. */
export let outside: Apart = (fn) => fn()

/** From now on, `by` runs things outside of everything. */
export function keepOutside(by: Apart): void {
  outside = by
}
