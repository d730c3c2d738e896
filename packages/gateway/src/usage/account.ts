import type { FailureClass } from '@holdfast/transport'
import type { ChatRequest } from '../chat-request.ts'
import { estimatedTokens } from '../clients/estimated-tokens.ts'
import type { Tally } from '../tally.ts'
import { costOf } from './price.ts'
import { saidTokens } from './said-tokens.ts'
import type { Tariff } from './tariff.ts'
import { sum, type Used, unused } from './used.ts'

/** An attempt, as far as it has got. */
export interface Metered {
  readonly link: string
  /** What its provider told; the last it told holds. */
  readonly told: Used | undefined
  /** Pieces of content that came in a stream, and the characters in them. */
  readonly pieces: number
  readonly characters: number
  /** Whether it has gone out to its provider. */
  readonly sent: boolean
  /** Of the head of its answer, if that is there. */
  readonly headStatus: number | undefined
}

/** How an attempt ended: with the whole answer, or as what it failed. */
export type AttemptEnd = 'whole' | FailureClass

/** What one attempt took: of the client's answer, or in vain. `micros` are millionths of the currency. */
export interface Booking {
  readonly client: string
  readonly chain: string
  readonly link: string
  readonly model: string
  readonly as: 'answer' | 'waste'
  readonly used: Used
  readonly told: boolean
  readonly micros: number
  readonly priced: boolean
}

/** Hears what is booked, and of every account that is open. */
export interface Books {
  opened(account: Account): void
  book(booking: Booking): void
  closed(account: Account): void
}

export interface AccountOptions {
  readonly chain: { readonly name: string; readonly tariff: Tariff; readonly tally: Pick<Tally, 'spent'> }
  readonly request: ChatRequest
  readonly books: Books | undefined
}

/** How a request ended, as far as it matters who pays. */
export interface Closing {
  readonly is: 'answered' | 'cancelled' | 'refused' | 'exhausted'
  readonly link?: string | undefined
}

/**
 * What one request takes, attempt by attempt.
 *
 * I1  Every attempt is booked once, when the account is closed: as the client's if it brought the answer to its end, or else as waste. One that is over
 *     only after that is waste.
 * I2  A client that goes away pays for the attempt that it leaves, as far as that has come: what had come may have been kept back from it.
 * I3  An attempt that no provider charges for is not booked: it was refused, nobody was reached, or tokens were counted.
 */
export class Account {
  /** The name of the client; empty where nobody has to say who he is. */
  readonly client: string
  /** Where its books have it. */
  place = -1
  readonly #options: AccountOptions
  readonly #running: Metered[] = []
  readonly #over: { readonly of: Metered; readonly whole: boolean }[] = []
  #asked: number | undefined
  #closed = false

  constructor(options: AccountOptions) {
    this.#options = options
    const { client } = options.request
    this.client = client?.name ?? ''
    options.books?.opened(this)
  }

  began(attempt: Metered): void {
    this.#running.push(attempt)
  }

  over(attempt: Metered, end: AttemptEnd): void {
    const at = this.#running.indexOf(attempt)
    if (at !== -1) this.#running.splice(at, 1)
    if (!isCharged(attempt, end) || this.#options.request.passage === 'count_tokens') return
    if (this.#closed) this.#book(this.#booking(attempt, 'waste'))
    else this.#over.push({ of: attempt, whole: end === 'whole' })
  }

  /** Books it all, and answers what is the client's; once it is closed, nothing is. */
  close({ is, link }: Closing): Used {
    let paid = unused
    if (this.#closed) return paid
    this.#closed = true
    const last = this.#over.at(-1)
    for (const each of this.#over) {
      const left = is === 'cancelled' && each === last
      const booking = this.#booking(each.of, each.whole || left ? 'answer' : 'waste')
      if (booking.as === 'answer') paid = sum(paid, booking.used)
      this.#book(booking)
    }
    const { chain, request } = this.#options
    const counted = request.passage === 'count_tokens'
    if (is === 'answered' && !counted && !this.#over.some(({ whole }) => whole))
      this.#book(freeAnswer({ client: this.client, chain: chain.name, link }))
    this.#options.books?.closed(this)
    return paid
  }

  /** What would have to be booked if nobody came to close it. */
  soFar(): Booking[] {
    const over = this.#over.map(({ of }) => of)
    return [...over, ...this.#running].map((each) => ({ ...this.#booking(each, 'waste'), told: false }))
  }

  #book(booking: Booking): void {
    const { books, chain } = this.#options
    books?.book(booking)
    chain.tally.spent(booking)
  }

  #booking(attempt: Metered, as: Booking['as']): Booking {
    const { client } = this
    const { name: chain, tariff } = this.#options.chain
    const { link, told } = attempt
    const { model, price } = tariff.get(link) ?? { model: link, price: undefined }
    const used = as === 'answer' && told ? told : this.#atLeast(attempt)
    const micros = costOf(price, used)
    return { client, chain, link, model, as, used, told: used === told, micros, priced: price !== undefined }
  }

  /** What was told before it broke off may be less than what was said. */
  #atLeast({ told, pieces, characters }: Metered): Used {
    const said = saidTokens(pieces, characters)
    if (told && told.output >= said && told.input > 0) return told
    return {
      ...(told ?? unused),
      input: told?.input || this.#input(),
      output: Math.max(told?.output ?? 0, said),
    }
  }

  #input(): number {
    this.#asked ??= estimatedTokens(this.#options.request).input
    return this.#asked
  }
}

/** An answer that nobody had to be asked for: of the rules, or of the cache. */
export function freeAnswer({
  link = 'cache',
  ...whose
}: Pick<Booking, 'client' | 'chain'> & { readonly link?: string | undefined }): Booking {
  return { ...whose, link, model: link, as: 'answer', used: unused, told: true, micros: 0, priced: true }
}

/** I3. One that kept silent until nobody waited any more was at work, for all that anybody knows. */
function isCharged({ told, pieces, sent, headStatus }: Metered, end: AttemptEnd): boolean {
  if (end === 'whole' || told || pieces > 0) return true
  if (headStatus !== undefined) return headStatus < 300
  return sent && (end === 'timeout' || end === 'cancelled')
}
