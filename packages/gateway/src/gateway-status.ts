import type { BreakerStatus } from '@holdfast/policy'
import type { Order } from './chains/chain-options.ts'
import type { Chain } from './completions.ts'
import type { Link } from './link.ts'
import type { ChainCounts } from './tally.ts'

export interface LinkStatus {
  readonly name: string
  readonly upstream: string | undefined
  readonly breaker: BreakerStatus | undefined
  readonly attempts: number
  readonly failures: Readonly<Record<string, number>>
  /** Calls to its model that are under way, whichever chain asked. */
  readonly inFlight: number
  /** Ms from a call to the first content of a stream, in the mean of the last few; `undefined` where nobody knows. */
  readonly firstToken: number | undefined
  /** Its part of the requests, as against those of the others; only where the order goes by it. */
  readonly weight?: number | undefined
}

export interface ChainStatus {
  readonly name: string
  /** Who is asked first. */
  readonly order: Order
  readonly links: readonly LinkStatus[]
  readonly counts: ChainCounts
  readonly lastAnsweredBy: string | undefined
}

export interface GatewayStatus {
  readonly inFlight: number
  readonly chains: readonly ChainStatus[]
}

/** How a chain is now. */
export function chainStatus({ name, order, links, tally, lastAnsweredBy }: Chain): ChainStatus {
  const statuses = links.map((link) => ({
    ...linkStatus(link),
    ...(order === 'weighted' && link.is === 'upstream' && { weight: link.weight }),
  }))
  return { name, order, links: statuses, counts: tally.counts(), lastAnsweredBy }
}

function linkStatus(link: Link): LinkStatus {
  const { name } = link
  if (link.is !== 'upstream') return { name, upstream: undefined, breaker: undefined, ...nothing }
  const { upstream, pulse } = link
  const { attempts, failures } = upstream.tally
  return {
    name,
    upstream: upstream.name,
    breaker: upstream.breaker.status(),
    attempts,
    failures: { ...failures },
    inFlight: pulse.inFlight,
    firstToken: pulse.pace(true)?.mean,
  }
}

/** Nobody is called. */
const nothing = { attempts: 0, failures: {}, inFlight: 0, firstToken: undefined } as const
