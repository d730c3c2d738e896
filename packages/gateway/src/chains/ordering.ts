import type { Clock } from '@holdfast/policy'
import type { ChatRequest } from '../chat-request.ts'
import { estimatedTokens } from '../clients/estimated-tokens.ts'
import type { Link, UpstreamLink } from '../link.ts'
import { type Prices, priceOf } from '../usage/price.ts'
import type { Order } from './chain-options.ts'
import { cheapest } from './cheapest.ts'
import { conversation, drawFor } from './conversation.ts'
import { fastest } from './fastest.ts'
import { leastLoaded } from './least-loaded.ts'
import { fresh } from './pace.ts'
import type { Places, Standing } from './standing.ts'
import { weighted } from './weighted.ts'

/** The links of a chain in the order in which a request is to ask them. */
export type Ordering = (request: ChatRequest) => readonly Link[]

export interface OrderingOptions {
  readonly order: Order
  readonly prices: Prices
  readonly clock: Clock
  readonly random: () => number
}

/**
 * In any order but a cascade, those come first that can be asked now: whose breaker lets a call through, and that have a key which does not rest. What is no
 * model comes last. Throws a `TypeError` where the order is `cheapest` and a link has no price.
 */
export function ordering(links: readonly Link[], options: OrderingOptions): Ordering {
  const { order, prices, clock, random } = options
  if (order === 'cascade') return () => links
  const models = links.filter((link): link is UpstreamLink => link.is === 'upstream')
  const last = links.filter(({ is }) => is !== 'upstream')
  const priced = new Map(models.map(({ name }) => [name, priceOf(name, prices)]))
  const free = models.find(({ name }) => order === 'cheapest' && priced.get(name) === undefined)
  if (free) throw new TypeError(`the order 'cheapest' needs a price for '${free.name}'`)

  const standing = ({ name, weight, pulse }: UpstreamLink, { stream }: ChatRequest): Standing => {
    const now = clock.now()
    const pace = pulse.pace(stream)
    return {
      weight,
      price: priced.get(name),
      failed: pulse.failed,
      inFlight: pulse.inFlight,
      asked: pulse.asked(stream),
      pace: pace && { mean: pace.mean, fresh: fresh(pace, now) },
      silence: pulse.silence(now),
      output: pulse.output,
    }
  }
  return (request) => {
    const able = models.filter(isAble)
    const standings = able.map((link) => standing(link, request))
    const places = placesBy[order](standings, { request, random, name: (place) => able[place]!.name })
    const unable = able.length < models.length ? models.filter((link) => !able.includes(link)) : []
    return [...places.map((place) => able[place]!), ...unable, ...last]
  }
}

function isAble({ upstream, model }: UpstreamLink): boolean {
  return upstream.spare(0, model) && upstream.breaker.status().retryAfter === 0
}

interface Given {
  readonly request: ChatRequest
  readonly random: () => number
  readonly name: (place: number) => string
}

const placesBy: Readonly<
  Record<Exclude<Order, 'cascade'>, (standings: readonly Standing[], given: Given) => Places>
> = {
  weighted(standings, { request, random, name }) {
    const whose = conversation(request)
    return weighted(standings, (place) => (whose === undefined ? random() : drawFor(whose, name(place))))
  },
  'least-loaded': (standings, { random }) => leastLoaded(standings, random),
  cheapest: (standings, { request }) => cheapest(standings, estimatedTokens(request)),
  fastest: (standings, { random }) => fastest(standings, random),
}
