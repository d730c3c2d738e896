import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '@holdfast/policy'
import { restAskedFor } from './rate-limit-headers.ts'
import { RequestAllowance } from './request-allowance.ts'

export interface KeyRingOptions {
  /** How many keys there are: at least one, which may stand for none. */
  readonly size: number
  readonly clock: Clock
  /** A provider does not know a key any more. Told once, until the key works again. */
  readonly refused: (nth: number, status: number) => void
}

/** The head of an answer, and the model that was asked for, where it is known. */
export interface AnswerHead {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly model: string | undefined
}

interface Seat {
  /** By model: providers count apart for each. */
  readonly allowances: Map<string | undefined, RequestAllowance>
  restsUntil: number
  refused: boolean
}

/** How long a key rests that was refused while others are there, and one that was throttled without a word of how long; in ms. */
const rests = { refused: 60_000, throttled: 1_000 } as const

/*
 * I1  A key that rests is not used before its time is over.
 * I2  Keys that do not rest take turns.
 * I3  Of the requests that a provider says a key may still make of a model, no more go out than that.
 * I4  A lone key rests only where the provider says how long: what else to do about its failures is the breaker's business.
 */

/** The keys of one upstream: whose turn it is, and which of them the provider wants to be left alone with. */
export class KeyRing {
  readonly #options: KeyRingOptions
  readonly #seats: readonly Seat[]
  #last = -1

  constructor(options: KeyRingOptions) {
    this.#options = options
    this.#seats = Array.from({ length: options.size }, () => ({
      allowances: new Map(),
      restsUntil: 0,
      refused: false,
    }))
  }

  /** The number of the key whose turn it is to ask for a model; `undefined` while all of them rest. */
  next(model?: string): number | undefined {
    const { size, clock } = this.#options
    const now = clock.now()
    for (let step = 1; step <= size; step++) {
      const nth = (this.#last + step) % size
      const seat = this.#seats[nth]!
      const allowance = seat.allowances.get(model)
      if (restOf(seat, allowance, now) > 0) continue
      this.#last = nth
      allowance?.take()
      return nth
    }
    return undefined
  }

  /** Whether there are more keys than were tried, and one of them may be used now. */
  spare(tried: number, model?: string): boolean {
    return this.#options.size > tried && this.rest(model) === 0
  }

  /** Ms until a key may be used to ask for a model. */
  rest(model?: string): number {
    const now = this.#options.clock.now()
    return Math.min(...this.#seats.map((seat) => restOf(seat, seat.allowances.get(model), now)))
  }

  /** A call that was made with the key comes back, be it without an answer. */
  over(nth: number, model: string | undefined): void {
    this.#seats[nth]!.allowances.get(model)?.back()
  }

  /** What an answer says about the key it was asked for with. */
  answered(nth: number, { status, headers, model }: AnswerHead): void {
    const seat = this.#seats[nth]!
    const { clock, size, refused } = this.#options
    const unknown = status === 401 || status === 403
    this.over(nth, model)
    if (RequestAllowance.isToldIn(headers)) {
      const allowance = seat.allowances.get(model) ?? new RequestAllowance()
      seat.allowances.set(model, allowance)
      allowance.told(headers, clock.now(), Date.now())
    }
    let rest = restAskedFor(status, headers, Date.now())
    if (size > 1 && unknown) rest = rests.refused
    if (size > 1 && status === 429) rest ||= rests.throttled
    if (rest > 0) seat.restsUntil = Math.max(seat.restsUntil, clock.now() + rest)
    if (unknown && !seat.refused) refused(nth, status)
    if (unknown || status < 300) seat.refused = unknown
  }
}

function restOf({ restsUntil }: Seat, allowance: RequestAllowance | undefined, now: number): number {
  return Math.max(0, restsUntil - now, allowance?.wait(now) ?? 0)
}
