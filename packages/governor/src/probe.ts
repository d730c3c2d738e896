import { request } from 'node:http'
import { connect } from 'node:net'
import type { Clock } from '@holdfast/policy'

/**
 * How to tell that a service is ready.
 *
 * `http`: a GET answers 2xx, or exactly `expect`. `tcp`: a connection is accepted. `line`: it wrote a line that holds
 * the text or matches.
 */
export type Probe =
  | { readonly http: string; readonly expect?: number }
  | { readonly tcp: { readonly host: string; readonly port: number } }
  | { readonly line: string | RegExp }

export interface ProbeOptions {
  readonly clock: Clock
  /** Called once, and never after `cancel`. */
  readonly found: () => void
}

export interface Probing {
  /** Hands over a line that the service wrote. */
  line(text: string): void
  cancel(): void
}

const pause = { first: 50, last: 500, factor: 1.5 }
const attemptWithin = 2_000

/**
 * Watches one start of a service until it is ready; without a probe that is as soon as the loop has turned once.
 *
 * HTTP and TCP are asked at once, then every 50 ms, growing to 500 ms, each attempt for 2 s at most. No socket and no
 * timer is left after `found` or `cancel`.
 */
export const probe = (ready: Probe | undefined, { clock, found }: ProbeOptions): Probing => {
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
  const poll = (ask: Ask, wait: number) => {
    let answered = false
    const answer = (yes: boolean) => {
      if (answered || over) return
      answered = true
      abandon()
      if (yes) return succeed()
      abandon = clock.after(wait, () => poll(ask, Math.min(wait * pause.factor, pause.last)))
    }
    const hangUp = ask(answer)
    const forget = clock.after(attemptWithin, () => answer(false))
    abandon = () => {
      forget()
      hangUp()
    }
  }

  if (!ready) {
    const soon = setImmediate(succeed)
    abandon = () => clearImmediate(soon)
  } else if ('http' in ready) poll(askHttp(ready), pause.first)
  else if ('tcp' in ready) poll(askTcp(ready), pause.first)

  return {
    line: (text) => {
      if (ready && 'line' in ready && matches(text, ready.line)) succeed()
    },
    cancel: finish,
  }
}

/** Asks once and answers later, never at once; returns how to hang up. */
type Ask = (answer: (yes: boolean) => void) => () => void

const askHttp =
  ({ http, expect }: { readonly http: string; readonly expect?: number }): Ask =>
  (answer) => {
    // `agent: false` gives the request a socket of its own, so that nothing is kept alive.
    const asked = request(http, { agent: false }, ({ statusCode = 0 }) =>
      answer(expect === undefined ? statusCode >= 200 && statusCode < 300 : statusCode === expect),
    )
    asked.on('error', () => answer(false)).end()
    return () => asked.destroy()
  }

const askTcp =
  ({ tcp }: { readonly tcp: { readonly host: string; readonly port: number } }): Ask =>
  (answer) => {
    const socket = connect(tcp)
    socket.once('connect', () => answer(true)).on('error', () => answer(false))
    return () => socket.destroy()
  }

// `search` looks from the start, whatever a global expression remembers.
const matches = (text: string, line: string | RegExp): boolean =>
  typeof line === 'string' ? text.includes(line) : text.search(line) !== -1
