import type { RequestListener } from 'node:http'
import { type Clock, forget, systemClock } from '@holdfast/policy'
import { context } from '@holdfast/policy/context'
import type { Family } from '@holdfast/telemetry'
import { probeAnswer, type Readiness } from '@holdfast/telemetry/health'
import { cacheFamilies } from './cache/cache-families.ts'
import { ChainCache } from './cache/chain-cache.ts'
import { type GatewayCache, shelvesFor } from './cache/gateway-cache.ts'
import { type ChainOptions, fullChain } from './chains/chain-options.ts'
import { ordering } from './chains/ordering.ts'
import { clientFamilies } from './clients/client-families.ts'
import type { ClientOptions } from './clients/client-options.ts'
import { Clients } from './clients/clients.ts'
import { guarded } from './clients/guarded.ts'
import { type Chain, Completions } from './completions.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { GatewayEvent, Happening } from './gateway-event.ts'
import { gatewayFamilies } from './gateway-families.ts'
import { chainStatus, type GatewayStatus } from './gateway-status.ts'
import { Hedging } from './hedging/hedging.ts'
import { askedOf, link } from './link.ts'
import { modelRoutes, oneModel } from './model-list.ts'
import { passagePaths } from './passages/passage.ts'
import { invalid, type Reply } from './reply.ts'
import { ResponseCounts } from './response-counts.ts'
import type { Rule } from './rules.ts'
import { type Route, type Served, served, servedQuietly } from './served.ts'
import { Tally } from './tally.ts'
import { type UpstreamOptions, upstream } from './upstream.ts'
import type { Ledger } from './usage/ledger.ts'
import type { Prices } from './usage/price.ts'
import { tariff } from './usage/tariff.ts'

export interface GatewayOptions {
  readonly upstreams: Readonly<Record<string, UpstreamOptions>>
  /** A list is a cascade: its links are asked in their order. */
  readonly chains: Readonly<Record<string, ChainOptions | ChainOptions['links']>>
  readonly rules?: readonly Rule[] | undefined
  /** Who may ask, by name; without it, whoever reaches the address. Limits hold in this process. */
  readonly clients?: Readonly<Record<string, ClientOptions>> | undefined
  /** What links cost; one without a price is free. */
  readonly prices?: Prices | undefined
  /** Where it is kept who used how much; nowhere by default. Whoever made it closes it. */
  readonly ledger?: Ledger | undefined
  /** Where chains keep answers, if they do. */
  readonly cache?: GatewayCache | undefined
  /** How often a stream in which nothing happens gets a comment, in ms (15 000). */
  readonly keepAlive?: number | undefined
  readonly on?: ((event: GatewayEvent) => void) | undefined
  /** What `/livez` answers: whether the process works. By default yes. */
  readonly live?: (() => Promise<Readiness>) | undefined
  /** What `/readyz` answers: whether a balancer should send requests here. By default yes. */
  readonly ready?: (() => Promise<Readiness>) | undefined
  readonly clock?: Clock
  readonly random?: () => number
}

/** One door to many language models: an HTTP handler for `/v1/*`, `/livez` and `/readyz`. */
export interface Gateway {
  readonly handle: RequestListener
  status(): GatewayStatus
  /** What it counted, as metric families. */
  families(): Family[]
  /** Ends what is still being answered: a stream with an error in it, everything else with 503. For when nobody can wait any longer. */
  leave(): void
  /** Ends the connections to all upstreams. */
  close(): Promise<void>
}

/** Throws a `TypeError` for a link that names no upstream, and for a limit of spend without a ledger: a checked configuration never gets that far. */
export function gateway(options: GatewayOptions): Gateway {
  const { clock = systemClock, random = Math.random, rules = [], keepAlive = 15_000 } = options
  const { prices = {}, ledger } = options
  const tell = (event: Happening): void => {
    const { trace, correlation } = context()
    const request = trace && correlation !== undefined ? { trace, correlation } : undefined
    try {
      options.on?.({ ...event, ...(request && { request }) })
    } catch {
      // A listener's mistake is not the client's.
    }
  }
  const upstreams = new Map(
    Object.entries(options.upstreams).map(([name, of]) => [
      name,
      upstream(name, of, { clock, random, tell }),
    ]),
  )
  for (const { breaker } of upstreams.values()) {
    breaker.on((event) => {
      if (event.type !== 'breaker.rejected') tell(event)
    })
  }
  const shelves = shelvesFor(options.cache ?? {}, tell)
  const chains = new Map(
    Object.entries(options.chains).map(([name, said]): [string, Chain] => {
      const { links, order = 'cascade', hedge, stream, cache: kept } = fullChain(said)
      const made = links.map((each) => link(each, upstreams, rules))
      const ordered = ordering(made, { order, prices, clock, random })
      const buffered = stream === 'buffered'
      const hedging = hedge && new Hedging(hedge)
      const terms = { chain: name, links: made.map(askedOf) }
      const cache = kept && new ChainCache({ terms, options: kept, shelves })
      const costs = { tally: new Tally(), tariff: tariff(name, made, prices) }
      return [
        name,
        { name, links: made, order, ordered, ...costs, hedging, buffered, cache, lastAnsweredBy: undefined },
      ]
    }),
  )
  const clients = options.clients && new Clients({ clients: options.clients, clock, spendings: ledger })
  const metered = clients !== undefined || Object.keys(prices).length > 0
  const completions = new Completions({ chains, clock, tell, keepAlive, ledger, metered })
  const responses = new ResponseCounts()

  const routes: Readonly<Record<string, Route>> = {
    'POST /v1/chat/completions': (request, response, reply) => completions.handle(request, response, reply),
    'POST /v1/messages': (request, response, reply) => completions.handle(request, response, reply),
    ...Object.fromEntries(passages.map((each) => [`POST ${passagePaths[each]}`, completions.passing(each)])),
    ...modelRoutes((client) => completions.namesFor(client)),
    'GET /livez': probe('alive', options.live),
    'GET /readyz': probe('ready', options.ready),
  }
  const doors = new Map<string, Served>(
    Object.entries(routes).map(([name, route]) => [
      name,
      (askedAllTheTime.has(name) ? servedQuietly : served)({
        name,
        route: responses.counted(name, isOfModels(name.split(' ')[1]!) ? guarded(clients, route) : route),
        tell,
        dialect: dialectOf(name),
      }),
    ]),
  )
  const nowhere: Route = ({ url }, _, reply) => refusePath(pathOf(url), Object.keys(routes), reply)
  const nowhereOfModels = guarded(clients, nowhere)
  const elsewhere = served({
    name: 'HTTP',
    route: responses.counted('other', (request, response, reply) =>
      (isOfModels(pathOf(request.url)) ? nowhereOfModels : nowhere)(request, response, reply),
    ),
    tell,
  })
  return {
    handle(request, response) {
      const method = request.method === 'HEAD' ? 'GET' : request.method
      const path = pathOf(request.url)
      const place = path.startsWith('/v1/models/') ? oneModel : path
      const door = doors.get(`${method} ${place}`) ?? elsewhere
      door(request, response)
    },
    status: () => ({ inFlight: completions.inFlight, chains: [...chains.values()].map(chainStatus) }),
    families: () => [
      ...gatewayFamilies(chains.values(), upstreams.values()),
      ...clientFamilies(clients?.all ?? []),
      ...cacheFamilies(chains.values(), shelves),
      responses.family(),
    ],
    leave: () => completions.leave(),
    async close() {
      await Promise.all([...[...upstreams.values()].map((each) => each.close()), shelves.disk?.settled()])
      for (const name of upstreams.keys()) forget(name)
    },
  }
}

const passages = ['count_tokens', 'embeddings', 'responses'] as const

/** All but the probes, which have no key. */
function isOfModels(path: string): boolean {
  return path.startsWith('/v1/')
}

/** What the clients of a route speak; `undefined` where either may ask. */
function dialectOf(route: string): Dialect | undefined {
  if (route.startsWith('GET /v1/models')) return undefined
  return route.includes('/v1/messages') ? 'anthropic' : 'openai'
}

/** They would drive everything else out of the traces that are kept. */
const askedAllTheTime: ReadonlySet<string> = new Set(['GET /livez', 'GET /readyz'])

function pathOf(url = '/'): string {
  return url.split('?', 1)[0]!
}

function probe(word: string, ask = async (): Promise<Readiness> => ({ ok: true, reasons: [] })): Route {
  return async ({ headers: asked }, _, reply) => {
    const { status, headers, body } = probeAnswer(word, await ask(), asked.accept)
    reply.send(status, { ...headers }, Buffer.from(body))
  }
}

function refusePath(path: string, known: readonly string[], reply: Reply): void {
  const allowed = known.flatMap((route) => (route.endsWith(` ${path}`) ? [route.split(' ', 1)[0]!] : []))
  if (allowed.length > 0) {
    return reply.sendError(
      405,
      { allow: allowed.join(', ') },
      invalid(`${path} takes ${allowed.join(', ')}.`, 'method_not_allowed'),
    )
  }
  reply.sendError(404, {}, invalid(`There is no ${path} here, but ${known.join(', ')}.`, 'unknown_path'))
}
