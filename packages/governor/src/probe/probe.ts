import type { Clock } from '@holdfast/policy'
import { type AskAbout, askOf } from './ask.ts'

/**
 * How to tell that a service is ready, or still works.
 *
 * `http`: a GET answers 2xx, or exactly `expect`. `tcp`: a connection is accepted. `line`: it wrote a line that holds
 * the text or matches. `command`: that program ends with code 0, run where the service is and with its environment.
 * `notify`: it wrote `READY=1` (or, to tell that it still works, `WATCHDOG=1`) and a newline to the file descriptor whose
 * number is in `NOTIFY_FD`: systemd's words, over a stream. `exit`: it ended well; only for `ready`. A function: what
 * it answers with is fulfilled, within the time that it has until the signal is aborted.
 */
export type Probe =
  | { readonly http: string; readonly expect?: number }
  | { readonly tcp: { readonly host: string; readonly port: number } }
  | { readonly line: string | RegExp }
  | { readonly command: readonly string[] }
  | { readonly notify: true }
  | { readonly exit: true }
  | ((signal: AbortSignal) => Promise<unknown>)

export interface ProbeOptions {
  readonly clock: Clock
  /** Where a command of the probe is run. */
  readonly about: AskAbout
  /** Called once, and never after `cancel`. */
  readonly found: () => void
}

export interface Probing {
  /** Hands over what the service wrote: a line of its output, or one to its notify descriptor. */
  heard(text: string, from: Ear): void
  cancel(): void
}

/** Where something was heard. */
export type Ear = 'line' | 'notify'

const pause = { first: 50, last: 500, factor: 1.5 }
const attemptWithin = 2_000

/**
 * Watches one start of a service until it is ready; without a probe that is as soon as the loop has turned once.
 *
 * What can be asked is asked at once, then every 50 ms, growing to 500 ms, each attempt for 2 s at most. No socket, no
 * process and no timer is left after `found` or `cancel`.
 */
export const probe = (ready: Probe | undefined, { clock, about, found }: ProbeOptions): Probing => {
  let over = false
  let abandon = () => {}
  const finish = () => {
    over = true
    abandon()
  }
  const succeed = () => {
    if (over) return
    finish()
    found()
  }
  const poll = (wait: number) => {
    abandon = asking!.once(
      (flaw) => {
        if (over) return
        if (flaw === undefined) return succeed()
        abandon = clock.after(wait, () => poll(Math.min(wait * pause.factor, pause.last)))
      },
      { clock, within: attemptWithin },
    )
  }

  const asking = ready && askOf(ready, about)
  if (!ready) {
    const soon = setImmediate(succeed)
    abandon = () => clearImmediate(soon)
  } else if (asking) poll(pause.first)

  return {
    heard: (text, from) => {
      if (ready && says(ready, { text, from, word: 'READY=1' })) succeed()
    },
    cancel: finish,
  }
}

interface Heard {
  readonly text: string
  readonly from: Ear
  /** What counts on the notify descriptor. */
  readonly word: string
}

/** Whether something that was heard is the sign that a probe waits for. */
export const says = (probe: Probe, { text, from, word }: Heard): boolean => {
  if ('line' in probe) return from === 'line' && matches(text, probe.line)
  return 'notify' in probe && from === 'notify' && text.trim() === word
}

// `search` looks from the start, whatever a global expression remembers.
const matches = (text: string, line: string | RegExp): boolean =>
  typeof line === 'string' ? text.includes(line) : text.search(line) !== -1
