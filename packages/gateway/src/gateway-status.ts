import type { BreakerStatus } from '@holdfast/policy'
import type { Chain } from './completions.ts'
import type { Link } from './link.ts'
import type { ChainCounts } from './tally.ts'

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

/** How a chain is now. */
export function chainStatus({ name, links, tally, lastAnsweredBy }: Chain): ChainStatus {
  return { name, links: links.map(linkStatus), counts: tally.counts(), lastAnsweredBy }
}

function linkStatus(link: Link): LinkStatus {
  const { name } = link
  if (link.is === 'rules') return { name, upstream: undefined, breaker: undefined, attempts: 0, failures: {} }
  const { upstream } = link
  const { attempts, failures } = upstream.tally
  return {
    name,
    upstream: upstream.name,
    breaker: upstream.breaker.status(),
    attempts,
    failures: { ...failures },
  }
}
