import { type ChatRequest, wantsBuffered } from '../chat-request.ts'
import type { RequestEnded } from '../gateway-event.ts'
import type { OutHeaders } from '../headers.ts'
import { marks } from '../journey.ts'
import type { Reply } from '../reply.ts'
import { replyFor } from '../reply-for.ts'
import { retriedOutside } from '../retried-outside.ts'
import { answerForm, inForm, sourceForm } from './answer-form.ts'
import { answerKey, type KeyTerms } from './answer-key.ts'
import { cacheControl } from './cache-control.ts'
import { Flight } from './flight.ts'
import { giveKept } from './give-kept.ts'
import type { KeptAnswer } from './kept-answer.ts'
import type { Keep, Shelves } from './shelves.ts'
import { worthKeeping } from './worth-keeping.ts'

/** What a file says of a chain's cache. Times are ms. */
export interface CacheOptions {
  /** For how long an answer is given again. */
  readonly for: number
  /** For how long after that it is better than none (0): where a link of the chain is `stale`. */
  readonly stale?: number | undefined
  /** `disk` outlives the process, and is shared with others; by default `memory`. */
  readonly keep?: Keep | undefined
  /** Whether each client has answers of its own; by default it does. */
  readonly apart?: boolean | undefined
}

/** A request, and whom its answer is for. */
export interface Asking {
  readonly request: ChatRequest
  readonly reply: Reply
  readonly signal: AbortSignal
}

/** Whom the links are asked for: the first who wants an answer, and all who come to want it. */
export interface AskedFor extends Pick<Asking, 'reply' | 'signal'> {
  /** Where there is an answer that is past its time. */
  readonly stale: Stale | undefined
}

/** Gives an answer that is past its time, with such headers besides. */
export type Stale = (reply: Reply, headers: OutHeaders) => void

/** What came of asking; `cut`: the answer is put together from those of several attempts. */
export interface Asked {
  readonly ended: RequestEnded
  readonly cut: boolean
}

export type Ask = (to: AskedFor) => Promise<Asked>

/** How a request was answered: it was asked; with what was kept; with what another was being answered; or its client went away before. */
export type Served =
  | { readonly is: 'asked' }
  | { readonly is: 'hit'; readonly link: string }
  | { readonly is: 'joined'; readonly ended: RequestEnded }
  | { readonly is: 'left' }

interface Flying {
  readonly flight: Flight
  readonly landed: Promise<RequestEnded>
}

/**
 * What a chain has answered, for those who ask the same; and what it is answering, for those who ask it meanwhile.
 *
 * I1  Of those who want the same only the first asks, but for who wants an answer of its own (`no-store`) or a new one (`no-cache`).
 * I2  An answer is at hand before its flight can no longer be joined, so that nobody who comes in between asks again.
 * I3  Only a whole answer of a model is kept, and no failure takes one away.
 */
export class ChainCache {
  readonly counts = { hits: 0, joined: 0, stale: 0, misses: 0 }
  readonly #terms: KeyTerms
  readonly #options: CacheOptions
  readonly #shelves: Shelves
  readonly #flights = new Map<string, Flying>()

  constructor({
    terms,
    options,
    shelves,
  }: { terms: Omit<KeyTerms, 'apart'>; options: CacheOptions; shelves: Shelves }) {
    if (options.keep === 'disk' && !shelves.disk)
      throw new TypeError(
        `the chain '${terms.chain}' keeps answers on the disk, and there is no folder for them`,
      )
    this.#terms = { ...terms, apart: options.apart ?? true }
    this.#options = options
    this.#shelves = shelves
  }

  async answer(asking: Asking, ask: Ask): Promise<Served> {
    const { request, reply, signal } = asking
    const { store, maxAge } = cacheControl(request.headers)
    const answer = store ? answerKey(request, this.#terms) : undefined
    if (answer === undefined) {
      await ask({ reply, signal, stale: undefined })
      return { is: 'asked' }
    }
    const key = `${answer}-${answerForm(request)}`
    const flightKey = `${key}${manner(request)}`
    if (maxAge > 0) {
      const other = otherKey(answer, request)
      if (this.#options.keep === 'disk' && !this.#fresh(key, maxAge) && !this.#flying(flightKey)) {
        await this.#shelves.fetch(key)
        if (other !== undefined && !this.#fresh(key, maxAge)) await this.#shelves.fetch(other)
      }
      const kept = this.#fresh(key, maxAge) ?? this.#converted({ key, other, maxAge }, request)
      if (kept) return this.#give(kept, asking)
      const flying = this.#flying(flightKey)
      if (flying) return this.#join(flying, asking)
    }
    this.counts.misses++
    const old = maxAge === Infinity ? this.#old(key) : undefined
    await this.#lead({ key, flightKey, old }, asking, ask)
    return { is: 'asked' }
  }

  /** What is kept and young enough, be it for the chain or for the client. */
  #fresh(key: string, maxAge: number): KeptAnswer | undefined {
    const kept = this.#shelves.memory.get(key)
    return kept && this.#isYounger(kept, Math.min(this.#options.for, maxAge)) ? kept : undefined
  }

  /** What is kept in another form, in that of the request. */
  #converted(
    { key, other, maxAge }: { key: string; other: string | undefined; maxAge: number },
    request: ChatRequest,
  ): KeptAnswer | undefined {
    const kept = other === undefined ? undefined : this.#fresh(other, maxAge)
    const made = kept && inForm(answerForm(request), kept)
    if (made) this.#shelves.memory.put(key, made)
    return made
  }

  /** What is kept and better than none. */
  #old(key: string): KeptAnswer | undefined {
    const { for: fresh, stale = 0 } = this.#options
    const kept = this.#shelves.memory.get(key)
    if (kept && this.#isYounger(kept, fresh + stale)) return kept
    this.#shelves.memory.delete(key)
    return undefined
  }

  /** The wall clock may be put back; what comes from so far ahead is not believed. */
  #isYounger({ at }: KeptAnswer, ms: number): boolean {
    const age = this.#shelves.wall() - at
    return age < ms && age > -ms
  }

  #flying(flightKey: string): Flying | undefined {
    const flying = this.#flights.get(flightKey)
    return flying?.flight.joinable ? flying : undefined
  }

  #give(kept: KeptAnswer, { reply }: Asking): Served {
    const { link } = kept
    this.counts.hits++
    const headers = marks({ chain: this.#terms.chain, attempts: 0, failures: [] }, link)
    giveKept(reply, kept, { headers: { ...headers, 'x-holdfast-cache': 'hit' }, now: this.#shelves.wall() })
    return { is: 'hit', link }
  }

  async #join({ flight, landed }: Flying, { reply, signal }: Asking): Promise<Served> {
    this.counts.joined++
    const heard = await flight.listen(reply, signal, { 'x-holdfast-cache': 'joined' })
    return heard === 'left' ? { is: 'left' } : { is: 'joined', ended: await landed }
  }

  async #lead({ key, flightKey, old }: Leading, { request, reply, signal }: Asking, ask: Ask): Promise<void> {
    const flight = new Flight()
    const all = replyFor(reply.dialect, flight)
    if (request.client) all.serve(request.client)
    void flight.listen(reply, signal)
    const stale = old && ((to: Reply, headers: OutHeaders): void => this.#giveStale(old, to, headers))
    const flying = async (): Promise<RequestEnded> => {
      try {
        const { ended, cut } = await ask({ reply: all, signal: flight.signal, stale })
        if (!cut && ended.type === 'chain.answered') this.#keep(key, { flight, link: ended.link, request })
        return ended
      } finally {
        flight.destroy()
        if (this.#flights.get(flightKey)?.flight === flight) this.#flights.delete(flightKey)
      }
    }
    const landed = flying()
    this.#flights.set(flightKey, { flight, landed })
    await landed
  }

  #giveStale(old: KeptAnswer, reply: Reply, headers: OutHeaders): void {
    this.counts.stale++
    const said = { 'x-holdfast-cache': 'stale', 'x-holdfast-degraded': 'stale' }
    giveKept(reply, old, { headers: { ...headers, ...said }, now: this.#shelves.wall() })
  }

  #keep(
    key: string,
    { flight, link, request }: { flight: Flight; link: string; request: ChatRequest },
  ): void {
    const { for: fresh, stale = 0, keep = 'memory' } = this.#options
    if (link === 'rules' || link === 'stale' || flight.status !== 200) return
    const body = flight.body()
    if (!body || !worthKeeping(body, request)) return
    const at = this.#shelves.wall()
    this.#shelves.put(key, { type: flight.type, link, at, body }, { keep, until: at + fresh + stale })
  }
}

/** Those who are asked for in another manner wait for another flight: whole streams come late, and for who tries again by himself nobody else does. */
function manner(request: ChatRequest): string {
  return `${wantsBuffered(request) ? '-buffered' : ''}${retriedOutside(request.headers) ? '-once' : ''}`
}

/** Where the same answer may be kept in another form: of chat completions, which are what they are in either. */
function otherKey(answer: string, request: ChatRequest): string | undefined {
  const other = sourceForm(answerForm(request))
  return other && request.dialect === 'openai' && !request.passage ? `${answer}-${other}` : undefined
}

interface Leading {
  readonly key: string
  readonly flightKey: string
  /** An answer that is past its time. */
  readonly old: KeptAnswer | undefined
}
