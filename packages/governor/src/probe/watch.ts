import type { Clock } from '@holdfast/policy'
import type { Liveness } from '../service.ts'
import { type AskAbout, askOf } from './ask.ts'
import { type Probing, says } from './probe.ts'

export interface WatchOptions {
  readonly clock: Clock
  readonly about: AskAbout
  /** Takes each result: nothing when the service works, otherwise what is wrong. Never called after `cancel`. */
  readonly checked: (flaw?: string) => void
}

/**
 * Checks again and again whether a service still works: `every` ms after the last answer, and first after `every`.
 *
 * What can only be heard (a line, a notify message) must have been heard since the last check.
 */
export const watch = (alive: Required<Liveness>, { clock, about, checked }: WatchOptions): Probing => {
  const asking = askOf(alive.probe, about)
  let over = false
  let heard = false
  let abandon = () => {}

  const told = (flaw?: string) => {
    if (over) return
    checked(flaw)
    if (!over) wait()
  }
  const look = () => {
    if (asking) abandon = asking.once(told, { clock, within: alive.timeout })
    else {
      const since = heard
      heard = false
      told(since ? undefined : `it said nothing for ${alive.every} ms`)
    }
  }
  const wait = () => {
    abandon = clock.after(alive.every, look)
  }
  wait()
  return {
    heard: (text, from) => {
      heard ||= says(alive.probe, { text, from, word: 'WATCHDOG=1' })
    },
    cancel: () => {
      over = true
      abandon()
    },
  }
}
