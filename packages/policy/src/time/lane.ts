import { outside } from '../pipeline/apart.ts'

/*
 * A timer of one's own costs forty times what a place in a queue does, and nearly every timer is cancelled before it is due.
 * So timers of equal length share a lane: first in, first due, one real timer for the head of the queue.
 *
 * I1  Entries stand in the order in which they fall due.
 * I2  A lane with entries has a real timer that keeps the process alive; one without has none, or one that does not.
 * I3  No entry is called before it is due, or after it was cancelled, or twice.
 * I4  A lane whose real timer ends while it is empty is gone; so is a long one, `SHORT` ms and more, as soon as it is empty.
 */
const LONGEST = 2 ** 31 - 1
const SHORT = 1_000
const lanes = new Map<number, Lane>()

/** The queue of all timers that take `ms` milliseconds, a whole number. */
export function lane(ms: number): Lane {
  const known = lanes.get(ms)
  if (known !== undefined) return known
  const opened = new Lane(ms)
  lanes.set(ms, opened)
  return opened
}

interface Entry {
  due: number
  fn: () => void
  before: Entry
  behind: Entry
}

class Lane {
  readonly #ms: number
  readonly #ends: Entry
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The `setTimeout` that set it: one that tests replaced takes its timers along when it is put back. */
  #setBy: typeof setTimeout | undefined

  constructor(ms: number) {
    this.#ms = ms
    this.#ends = { due: Infinity, fn: () => {} } as Entry
    this.#ends.before = this.#ends.behind = this.#ends
  }

  /** Queues `fn`, at the time `now`; the answer takes it out again. */
  add(fn: () => void, now: number): () => void {
    const ends = this.#ends
    const last = ends.before
    const entry: Entry = { due: now + this.#ms, fn, before: last, behind: ends }
    last.behind = ends.before = entry
    if (last === ends || this.#setBy !== setTimeout) this.#wake(now)
    return () => {
      if (remove(entry) && ends.behind === ends) this.#emptied()
    }
  }

  #wake(now: number): void {
    if (this.#timer !== undefined && this.#setBy === setTimeout) this.#timer.ref?.()
    else this.#arm(Math.max(0, this.#ends.behind.due - now))
  }

  #arm(ms: number): void {
    this.#setBy = setTimeout
    this.#timer = outside(() => setTimeout(() => this.#fire(), Math.min(Math.ceil(ms), LONGEST)))
  }

  /** A short lane will be wanted again before its timer ends; a long one would be held for hours. */
  #emptied(): void {
    if (this.#ms < SHORT) return void this.#timer?.unref?.()
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (lanes.get(this.#ms) === this) lanes.delete(this.#ms)
  }

  #fire(): void {
    this.#timer = undefined
    const ends = this.#ends
    const now = performance.now()
    try {
      while (ends.behind.due <= now) {
        const entry = ends.behind
        remove(entry)
        entry.fn()
      }
    } finally {
      if (this.#timer === undefined) this.#rest()
    }
  }

  #rest(): void {
    const { behind } = this.#ends
    if (behind === this.#ends) {
      if (lanes.get(this.#ms) === this) lanes.delete(this.#ms)
    } else this.#arm(Math.max(0, behind.due - performance.now()))
  }
}

function remove(entry: Entry): boolean {
  if (entry.behind === entry) return false
  entry.before.behind = entry.behind
  entry.behind.before = entry.before
  entry.before = entry.behind = entry
  return true
}
