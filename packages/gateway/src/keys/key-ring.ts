import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '@holdfast/policy'
import { restAskedFor } from './rate-limit-headers.ts'

export interface KeyRingOptions {
  /** How many keys there are: at least one, which may stand for none. */
  readonly size: number
  readonly clock: Clock
  /** A provider does not know a key any more. Told once, until the key works again. */
  readonly refused: (nth: number, status: number) => void
}

interface Seat {
  restsUntil: number
  refused: boolean
}

/** How long a key rests that was refused while others are there, and one that was throttled without a word of how long; in ms. */
const rests = { refused: 60_000, throttled: 1_000 } as const

/*
 * I1  A key that rests is not used before its time is over.
 * I2  Keys that do not rest take turns.
 * I3  A lone key rests only where the provider says how long: what else to do about its failures is the breaker's business.
 */

/** The keys of one upstream: whose turn it is, and which of them the provider wants to be left alone with. */
export class KeyRing {
  readonly #options: KeyRingOptions
  readonly #seats: readonly Seat[]
  #last = -1

  constructor(options: KeyRingOptions) {
    this.#options = options
    this.#seats = Array.from({ length: options.size }, () => ({ restsUntil: 0, refused: false }))
  }

  /** The number of the key whose turn it is; `undefined` while all of them rest. */
  next(): number | undefined {
    const { size, clock } = this.#options
    const now = clock.now()
    for (let step = 1; step <= size; step++) {
      const nth = (this.#last + step) % size
      if (this.#seats[nth]!.restsUntil > now) continue
      this.#last = nth
      return nth
    }
    return undefined
  }

  /** Whether there are more keys than were tried, and one of them may be used now. */
  spare(tried: number): boolean {
    return this.#options.size > tried && this.rest === 0
  }

  /** Ms until a key may be used. */
  get rest(): number {
    const first = Math.min(...this.#seats.map(({ restsUntil }) => restsUntil))
    return Math.max(0, first - this.#options.clock.now())
  }

  /** What an answer says about the key it was asked for with. */
  answered(nth: number, status: number, headers: IncomingHttpHeaders): void {
    const seat = this.#seats[nth]!
    const { clock, size, refused } = this.#options
    const unknown = status === 401 || status === 403
    let rest = restAskedFor(status, headers, Date.now())
    if (size > 1 && unknown) rest = rests.refused
    if (size > 1 && status === 429) rest ||= rests.throttled
    if (rest > 0) seat.restsUntil = Math.max(seat.restsUntil, clock.now() + rest)
    if (unknown && !seat.refused) refused(nth, status)
    if (unknown || status < 300) seat.refused = unknown
  }
}
