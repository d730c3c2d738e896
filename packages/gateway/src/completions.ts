import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@holdfast/policy'
import { activeSpan } from '@holdfast/telemetry/traces'
import { traceWorthALook } from './answer-notes.ts'
import { type BodyPlace, BodyRoom } from './body-room.ts'
import { bodyText, UnreadableBody } from './body-text.ts'
import type { Asked, AskedFor, Asking, ChainCache } from './cache/chain-cache.ts'
import { concludeReuse } from './cache/conclude-reuse.ts'
import { askChain, type Outcome } from './chain.ts'
import type { Order } from './chains/chain-options.ts'
import type { Ordering } from './chains/ordering.ts'
import { type ChatRequest, chatRequest, passingRequest } from './chat-request.ts'
import type { Client } from './clients/client.ts'
import { withinLimits } from './clients/within-limits.ts'
import type { Happening, RequestEnded } from './gateway-event.ts'
import type { Hedging } from './hedging/hedging.ts'
import { type Journey, marks } from './journey.ts'
import { record, recordOf } from './json-value.ts'
import type { Link } from './link.ts'
import { refuseModel } from './model-list.ts'
import type { Passage } from './passages/passage.ts'
import type { ProviderFailure } from './provider-failure.ts'
import { refusal } from './refusal.ts'
import { invalid, type Reply } from './reply.ts'
import type { Route } from './served.ts'
import { keepAlive } from './stream/keep-alive.ts'
import type { Ended, Tally } from './tally.ts'
import { Account, freeAnswer } from './usage/account.ts'
import type { Ledger } from './usage/ledger.ts'
import { mayCost } from './usage/may-cost.ts'
import type { Tariff } from './usage/tariff.ts'

/** A chain by its name, and what became of the requests to it. */
export interface Chain {
  readonly name: string
  readonly links: readonly Link[]
  readonly order: Order
  readonly ordered: Ordering
  readonly tally: Tally
  readonly hedging?: Hedging | undefined
  /** Whether streams are kept back until they are whole. */
  readonly buffered: boolean
  readonly tariff: Tariff
  readonly cache?: ChainCache | undefined
  lastAnsweredBy: string | undefined
}

export interface CompletionsOptions {
  readonly chains: ReadonlyMap<string, Chain>
  readonly clock: Clock
  readonly tell: (event: Happening) => void
  readonly ledger?: Ledger | undefined
  /** Whether somebody has to pay for tokens, or has only so many. */
  readonly metered: boolean
  /** How often a stream in which nothing happens gets a comment, in ms. */
  readonly keepAlive: number
}

/** Answers `POST /v1/chat/completions`, whatever happens: by a link of the chain, by its provider's own refusal, or by an error that says why. */
export class Completions {
  readonly #options: CompletionsOptions
  readonly #room = new BodyRoom()
  /** What is being answered, with what calls it off. */
  readonly #open = new Map<Reply, AbortController>()

  constructor(options: CompletionsOptions) {
    this.#options = options
  }

  /** Requests that are being answered now. */
  get inFlight(): number {
    return [...this.#options.chains.values()].reduce((sum, { tally }) => sum + tally.inFlight, 0)
  }

  /** The chains that a client may ask; without keys, all. One that it may not ask is not there for it: names may tell what is none of its business. */
  namesFor(client: Client | undefined): string[] {
    return [...this.#options.chains.keys()].filter((name) => client?.mayAsk(name) ?? true)
  }

  /** The same for what only passes through. */
  passing(passage: Passage): Route {
    return (incoming, response, reply) => this.#handle(incoming, response, { reply, passage })
  }

  /** Ends what is still being answered, for good, and tells each client so. */
  leave(): void {
    for (const [reply, left] of this.#open) {
      if (reply.ended) continue
      if (reply.begun) reply.breakOff({ ...leaving, code: 'stream_broke_off' })
      else reply.sendError(503, { 'retry-after': '1' }, leaving)
      left.abort(new DOMException('the gateway stops', 'AbortError'))
    }
  }

  handle(incoming: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    return this.#handle(incoming, response, { reply })
  }

  async #handle(
    incoming: IncomingMessage,
    response: ServerResponse,
    { reply, passage }: { readonly reply: Reply; readonly passage?: Passage },
  ): Promise<void> {
    const left = new AbortController()
    const place = this.#room.place(reply.client?.name ?? '')
    this.#open.set(reply, left)
    response.once('close', () => {
      place.free()
      this.#open.delete(reply)
      if (!response.writableFinished) left.abort(new DOMException('the client went away', 'AbortError'))
    })
    const asked = await read(incoming, reply, { passage, place })
    if (!asked) return
    const { client } = reply
    const chain = this.#options.chains.get(asked.model)
    if (!chain || client?.mayAsk(chain.name) === false)
      return refuseModel(asked.model, this.namesFor(client), reply)
    const { tell, metered } = this.#options
    const request = { ...asked, client, buffered: chain.buffered, metered }
    await withinLimits({ request, reply, tell }, () =>
      this.#answer(chain, { request, reply, signal: left.signal }),
    )
  }

  /** Answers how many tokens it took: none, where no link was asked for it. */
  async #answer(chain: Chain, asking: Asking): Promise<number> {
    const { cache, tally } = chain
    const { clock, ledger, tell } = this.#options
    const began = clock.now()
    const { client } = asking.request
    // Before anything is waited for: of all who come at once, each counts for the next.
    const free = client?.spend && ledger?.reserve(client.name, mayCost(asking.request, chain.tariff))
    let tokens = 0
    const ask = async (to: AskedFor): Promise<Asked> => {
      const asked = await this.#ask(chain, { ...asking, ...to })
      tokens = asked.tokens
      return asked
    }
    tally.began()
    try {
      if (!cache) await ask({ ...asking, stale: undefined })
      else {
        const served = await cache.answer(asking, ask)
        const { request } = asking
        if (served.is === 'hit' || (served.is === 'joined' && served.ended.type === 'chain.answered'))
          ledger?.book(freeAnswer({ client: request.client?.name ?? '', chain: chain.name, link: 'cache' }))
        if (served.is !== 'asked') concludeReuse({ chain, request, served, ms: clock.now() - began, tell })
      }
      return tokens
    } finally {
      free?.()
      tally.inFlight--
    }
  }

  async #ask(chain: Chain, asking: Asking & AskedFor): Promise<Asked & { readonly tokens: number }> {
    const { request, reply, signal, stale } = asking
    const { clock, ledger } = this.#options
    const { name, tally, hedging } = chain
    const links = chain.ordered(request)
    const account = new Account({ chain, request, books: ledger })
    const journey: Journey = {
      chain: name,
      began: clock.now(),
      attempts: 0,
      failures: [],
      cut: false,
      account,
    }
    const stop = request.stream
      ? keepAlive({ reply, clock, every: this.#options.keepAlive, marks: () => marks(journey, undefined) })
      : undefined
    try {
      const outcome = await askChain({ links, request, reply, journey, tally, hedging, stale, signal, clock })
      const ended = this.#conclude(chain, journey, reply, outcome)
      const { input, output } = account.close(outcome)
      return { ended, cut: journey.cut, tokens: input + output }
    } finally {
      stop?.()
      account.close({ is: 'exhausted' })
    }
  }

  /** Says to the client, the counts and the listener how the request ended. */
  #conclude(chain: Chain, journey: Journey, reply: Reply, outcome: Outcome): RequestEnded {
    const ms = this.#options.clock.now() - journey.began
    const tell = <E extends RequestEnded>(event: E): E => {
      this.#options.tell(event)
      return event
    }
    const { failures } = journey
    const span = activeSpan()
    span?.setAttributes({
      'holdfast.chain': chain.name,
      'holdfast.attempts': journey.attempts,
      'holdfast.outcome': outcome.is,
      ...('link' in outcome && { 'holdfast.link': outcome.link }),
    })
    const whose = reply.client && { client: reply.client.name }
    const told = { chain: chain.name, ...whose, attempts: journey.attempts, failures, ms }
    const ended = { outcome: wordFor(outcome, reply), ...('link' in outcome && { link: outcome.link }) }
    chain.tally.ended({ ...ended, ms, journey, traceId: traceWorthALook(span) })
    if (outcome.is === 'answered') {
      chain.lastAnsweredBy = outcome.link
      return tell({ type: 'chain.answered', ...told, link: outcome.link })
    }
    if (outcome.is === 'cancelled') return tell({ type: 'chain.cancelled', ...told })
    if (outcome.is === 'refused' && !reply.begun) {
      const { status, body } = outcome.failure.answer!
      const headers = { 'content-type': 'application/json', 'x-should-retry': 'false' }
      reply.send(status, { ...headers, ...marks(journey, outcome.link) }, body)
      return tell({ type: 'chain.refused', ...told, link: outcome.link, status })
    }
    const { error, headers } = refusal(journey)
    if (reply.begun) {
      // The head went out while everybody was silent; the provider's own words are still for the caller.
      const own = outcome.is === 'refused' && !reply.transcript.started && errorOf(outcome.failure)
      reply.breakOff({ ...error, code: 'stream_broke_off', ...own })
      return tell({ type: 'chain.broke-off', ...told })
    }
    reply.sendError(503, { ...headers, ...marks(journey, undefined) }, error)
    return tell({ type: 'chain.exhausted', ...told })
  }
}

const leaving = {
  message: 'The gateway is stopped or replaced, and the answer was not whole in time: ask again.',
  type: 'service_unavailable',
  code: 'gateway_stopping',
  param: null,
} as const

function errorOf({ answer }: ProviderFailure): object | undefined {
  return record(recordOf(answer?.body.toString('utf8') ?? '')?.['error'])
}

function wordFor({ is }: Outcome, reply: Reply): Ended['outcome'] {
  if (is === 'answered' || is === 'cancelled') return is
  return reply.begun ? 'broke-off' : is
}

async function read(
  incoming: IncomingMessage,
  reply: Reply,
  { passage, place }: { readonly passage: Passage | undefined; readonly place: BodyPlace },
): Promise<ChatRequest | undefined> {
  try {
    const text = await bodyText(incoming, place)
    const { headers } = incoming
    const request = passage
      ? passingRequest(text, headers, passage)
      : chatRequest(text, headers, reply.dialect)
    if (typeof request !== 'string') return request
    reply.sendError(400, {}, invalid(request, 'invalid_request'))
  } catch (error) {
    if (error instanceof UnreadableBody) sayUnreadable(reply, error)
    else if (!incoming.destroyed) throw error
  }
  return undefined
}

/** A body for which there was no room is no mistake of its client. */
function sayUnreadable(reply: Reply, { status, message, code }: UnreadableBody): void {
  const error = invalid(message, code)
  if (status !== 503) return reply.sendError(status, {}, error)
  reply.sendError(status, { 'retry-after': '1' }, { ...error, type: 'service_unavailable' })
}
