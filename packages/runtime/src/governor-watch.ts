import { type Clock, systemClock } from '@holdfast/policy'
import type { GovernorView } from './status.ts'

/** What the governor said last. */
export interface Heard {
  readonly view: GovernorView
  /** How long ago, in ms. */
  readonly age: number
  /** How long it took to answer, in ms. */
  readonly roundTrip: number
}

/** Keeps what the governor said last, so that nobody has to wait for a governor that hangs. */
export interface GovernorWatch {
  /** At once what was said last; only before its first word, that has to be waited for. */
  heard(): Promise<Heard>
  close(): void
}

export interface GovernorWatchOptions {
  /** Asks the governor; a rejection is no word. */
  readonly ask: () => Promise<GovernorView>
  /** How long after one answer the next is asked for, in ms. */
  readonly every: number
  readonly clock?: Clock
}

/*
 * I1  One question at a time is on its way, so that a governor that hangs is not buried under them.
 * I2  A question that fails takes away nothing of what was said before.
 * I3  Nothing is asked after `close`.
 */
/** Asks the governor again and again, beginning now. */
export function governorWatch({ ask, every, clock = systemClock }: GovernorWatchOptions): GovernorWatch {
  const first = Promise.withResolvers<void>()
  let last: { readonly view: GovernorView; readonly at: number; readonly roundTrip: number } | undefined
  let cancel = (): void => {}
  let closed = false

  const look = async (): Promise<void> => {
    const began = clock.now()
    try {
      const view = await ask()
      const at = clock.now()
      last = { view, at, roundTrip: at - began }
      first.resolve()
    } catch {
      // What it said before grows old, which is told.
    }
    if (!closed) cancel = clock.after(every, () => void look())
  }
  void look()
  return {
    async heard() {
      if (last === undefined) await first.promise
      const { view, at, roundTrip } = last!
      return { view, roundTrip, age: clock.now() - at }
    },
    close() {
      closed = true
      cancel()
    },
  }
}
