import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type BreakerEvent, type BreakerStatus, type Clock, forget, systemClock } from '@holdfast/policy'
import { BodyTooLarge, bodyText } from './body-text.ts'
import { askChain, type Link, type Outcome } from './chain.ts'
import { type ChatRequest, chatRequest } from './chat-request.ts'
import { type Journey, type LinkFailure, marks } from './journey.ts'
import { refusal } from './refusal.ts'
import { Reply, type WireError } from './reply.ts'
import { type Rule, rulesModel } from './rules.ts'
import { type ChainCounts, Tally } from './tally.ts'
import { type Upstream, type UpstreamOptions, upstream } from './upstream.ts'

export interface GatewayOptions {
  readonly upstreams: Readonly<Record<string, UpstreamOptions>>
  /** Links in the order in which they are asked: an upstream, `upstream/model`, or `rules`. */
  readonly chains: Readonly<Record<string, readonly string[]>>
  readonly rules?: readonly Rule[] | undefined
  readonly on?: ((event: GatewayEvent) => void) | undefined
  readonly clock?: Clock
  readonly random?: () => number
}

/** What happened to a request, told when it has ended (`ms` is from the last byte of the request to the last of its answer), and to a breaker. */
export type GatewayEvent =
  | Exclude<BreakerEvent, { type: 'breaker.rejected' }>
  | (Told & { readonly type: 'chain.answered'; readonly link: string; readonly attempts: number })
  | (Told & { readonly type: 'chain.exhausted' })
  | (Told & { readonly type: 'chain.broke-off' })

interface Told {
  readonly chain: string
  readonly failures: readonly LinkFailure[]
  readonly ms: number
}

export interface LinkStatus {
  readonly name: string
  readonly upstream: string | undefined
  readonly breaker: BreakerStatus | undefined
  readonly attempts: number
  readonly failures: Readonly<Record<string, number>>
}

export interface ChainStatus {
  readonly name: string
  readonly links: readonly LinkStatus[]
  readonly counts: ChainCounts
  readonly lastAnsweredBy: string | undefined
}

export interface GatewayStatus {
  readonly inFlight: number
  readonly chains: readonly ChainStatus[]
}

/** One door to many language models: an HTTP handler for `/v1/*`, `/livez` and `/readyz`. */
export interface Gateway {
  readonly handle: RequestListener
  status(): GatewayStatus
  /** From now on `/readyz` says no, so that a balancer sends nobody new. */
  drain(): void
  /** Ends the connections to all upstreams. */
  close(): Promise<void>
}

/** Throws a `TypeError` for a link that names no upstream: a checked configuration never gets that far. */
export function gateway(options: GatewayOptions): Gateway {
  return new Door(options)
}

interface Chain {
  readonly name: string
  readonly links: readonly Link[]
  readonly tally: Tally
  lastAnsweredBy: string | undefined
}

class Door implements Gateway {
  readonly #options: GatewayOptions
  readonly #clock: Clock
  readonly #upstreams = new Map<string, Upstream>()
  readonly #chains = new Map<string, Chain>()
  #inFlight = 0
  #draining = false

  constructor(options: GatewayOptions) {
    const { clock = systemClock, random = Math.random } = options
    this.#options = options
    this.#clock = clock
    for (const [name, of] of Object.entries(options.upstreams)) {
      const made = upstream(name, of, { clock, random })
      made.breaker.on((event) => {
        if (event.type !== 'breaker.rejected') this.#tell(event)
      })
      this.#upstreams.set(name, made)
    }
    for (const [name, links] of Object.entries(options.chains)) {
      this.#chains.set(name, {
        name,
        links: links.map((link) => this.#link(link)),
        tally: new Tally(),
        lastAnsweredBy: undefined,
      })
    }
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const reply = new Reply(response)
    const path = (request.url ?? '/').split('?', 1)[0]
    const route = routes.find((known) => known.path === path)
    if (!route)
      return reply.sendError(
        404,
        {},
        invalid(`There is no ${path} here. Try POST /v1/chat/completions or GET /v1/models.`, 'unknown_path'),
      )
    if (route.method !== request.method && !(route.method === 'GET' && request.method === 'HEAD')) {
      return reply.sendError(
        405,
        { allow: route.method },
        invalid(`${path} takes ${route.method}.`, 'method_not_allowed'),
      )
    }
    switch (route.path) {
      case '/livez':
        return reply.send(200, plain, Buffer.from('alive\n'))
      case '/readyz':
        return reply.send(
          this.#draining ? 503 : 200,
          plain,
          Buffer.from(this.#draining ? 'stopping\n' : 'ready\n'),
        )
      case '/v1/models':
        return reply.send(
          200,
          { 'content-type': 'application/json' },
          Buffer.from(JSON.stringify(this.#models())),
        )
      case '/v1/chat/completions':
        this.#chat(request, response, reply).catch((error: unknown) => fault(reply, error))
    }
  }

  status(): GatewayStatus {
    const chains = [...this.#chains.values()].map(({ name, links, tally, lastAnsweredBy }) => ({
      name,
      links: links.map((link) => this.#linkStatus(link)),
      counts: tally.counts(),
      lastAnsweredBy,
    }))
    return { inFlight: this.#inFlight, chains }
  }

  drain(): void {
    this.#draining = true
  }

  async close(): Promise<void> {
    this.drain()
    await Promise.all([...this.#upstreams.values()].map((each) => each.close()))
    for (const name of this.#upstreams.keys()) forget(name)
  }

  async #chat(incoming: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    const left = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) left.abort(new DOMException('the client went away', 'AbortError'))
    })
    const request = await this.#read(incoming, reply)
    if (!request) return
    const chain = this.#chains.get(request.model)
    if (!chain) {
      const known = [...this.#chains.keys()].map((name) => `'${name}'`).join(', ')
      return reply.sendError(
        404,
        {},
        invalid(
          `There is no chain '${request.model}'. \`model\` names a chain: ${known}.`,
          'model_not_found',
          'model',
        ),
      )
    }
    this.#inFlight++
    chain.tally.began()
    const journey: Journey = { chain: chain.name, began: this.#clock.now(), attempts: 0, failures: [] }
    try {
      const outcome = await askChain({
        links: chain.links,
        request,
        reply,
        journey,
        signal: left.signal,
        clock: this.#clock,
      })
      this.#conclude(chain, journey, reply, outcome)
    } finally {
      this.#inFlight--
    }
  }

  async #read(incoming: IncomingMessage, reply: Reply): Promise<ChatRequest | undefined> {
    try {
      const request = chatRequest(await bodyText(incoming), incoming.headers)
      if (typeof request !== 'string') return request
      reply.sendError(400, {}, invalid(request, 'invalid_request'))
    } catch (error) {
      if (error instanceof BodyTooLarge)
        reply.sendError(413, { connection: 'close' }, invalid(error.message, 'request_too_large'))
      else if (!incoming.destroyed) throw error
    }
    return undefined
  }

  /** Says to the client, the counts and the listener how the request ended. */
  #conclude(chain: Chain, journey: Journey, reply: Reply, outcome: Outcome): void {
    const ms = this.#clock.now() - journey.began
    const { failures } = journey
    const told = { chain: chain.name, failures, ms }
    if (outcome.is === 'answered') {
      chain.lastAnsweredBy = outcome.link
      chain.tally.ended({ answeredBy: outcome.link }, ms, failures)
      return this.#tell({ type: 'chain.answered', ...told, link: outcome.link, attempts: journey.attempts })
    }
    if (outcome.is === 'cancelled') return chain.tally.ended('cancelled', ms, failures)
    chain.tally.ended('failed', ms, failures)
    if (outcome.is === 'refused' && !reply.begun) {
      const { status, contentType, body } = outcome.failure.answer!
      return reply.send(
        status,
        { 'content-type': contentType, 'x-should-retry': 'false', ...marks(journey, outcome.link) },
        body,
      )
    }
    const { error, headers } = refusal(journey)
    if (reply.begun) {
      reply.breakOff({ ...error, code: 'stream_broke_off' })
      return this.#tell({ type: 'chain.broke-off', ...told })
    }
    reply.sendError(503, { ...headers, ...marks(journey, undefined) }, error)
    this.#tell({ type: 'chain.exhausted', ...told })
  }

  #tell(event: GatewayEvent): void {
    try {
      this.#options.on?.(event)
    } catch {
      // A listener's mistake is not the client's.
    }
  }

  #link(name: string): Link {
    if (name === rulesModel) return { is: 'rules', name: rulesModel, rules: this.#options.rules ?? [] }
    const slash = name.indexOf('/')
    const of = this.#upstreams.get(slash === -1 ? name : name.slice(0, slash))
    if (!of) throw new TypeError(`the link '${name}' names no upstream`)
    return { is: 'upstream', name, upstream: of, model: slash === -1 ? of.model : name.slice(slash + 1) }
  }

  #linkStatus(link: Link): LinkStatus {
    if (link.is === 'rules')
      return { name: link.name, upstream: undefined, breaker: undefined, attempts: 0, failures: {} }
    const { name, breaker, tally } = link.upstream
    return {
      name: link.name,
      upstream: name,
      breaker: breaker.status(),
      attempts: tally.attempts,
      failures: { ...tally.failures },
    }
  }

  #models(): object {
    const data = [...this.#chains.keys()].map((id) => ({
      id,
      object: 'model',
      created: 0,
      owned_by: 'holdfast',
    }))
    return { object: 'list', data }
  }
}

const routes = [
  { path: '/v1/chat/completions', method: 'POST' },
  { path: '/v1/models', method: 'GET' },
  { path: '/livez', method: 'GET' },
  { path: '/readyz', method: 'GET' },
] as const

const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }

function invalid(message: string, code: string, param: string | null = null): WireError {
  return { message, type: 'invalid_request_error', code, param }
}

/** A mistake of our own: the client still gets an answer, and the details stay in the log. */
function fault(reply: Reply, error: unknown): void {
  console.error('gateway: unexpected', error)
  const body = {
    message: 'The gateway made a mistake with this request; its log says which.',
    type: 'server_error',
    code: 'internal_error',
    param: null,
  }
  if (reply.ended) return
  if (reply.begun) reply.breakOff(body)
  else reply.sendError(500, {}, body)
}
