import type { ChainStatus } from '@holdfast/gateway'
import type { ServiceStatus } from '@holdfast/governor'
import type { BreakerStatus } from '@holdfast/policy'
import type { HealthStatus } from '@holdfast/telemetry/health'

/** How well something is: `degraded` still answers, though not as meant; `unhealthy` does not. */
export type Level = HealthStatus

/** What a part can be. */
export type Kind =
  | 'edge'
  | 'governor'
  | 'service'
  | 'upstream'
  | 'chain'
  | 'database'
  | 'cache'
  | 'engine'
  | 'model'

/** A part, and how well it is. */
export interface Component {
  readonly name: string
  readonly kind: Kind
  readonly level: Level
  /** Why it is not healthy, or not running. */
  readonly reason?: string
  /** Whether the whole is unhealthy when it is, and not merely degraded. */
  readonly critical: boolean
}

/** Whether nothing, or one kind of request, is answered without it: anything else that ails only degrades the whole. */
export function isCritical(kind: Kind): boolean {
  return kind === 'edge' || kind === 'chain'
}

/** A service, as the governor sees it. */
export function serviceComponent({ name, state, lastError, ailing, replicas }: ServiceStatus): Component {
  if (state.is === 'ready' && replicas && replicas.ready < replicas.wanted) {
    const reason = `${replicas.ready} of ${replicas.wanted} replicas are ready`
    return component('service', name, { level: 'degraded', reason })
  }
  // Somebody stopped it and wants it so; one that was stopped with its group says why.
  if (state.is === 'stopped' && lastError === undefined)
    return component('service', name, { level: 'healthy', reason: 'stopped' })
  if (ailing) return component('service', name, { level: 'degraded', reason: ailing.why })
  if (state.is === 'ready' || state.is === 'running' || state.is === 'done') return component('service', name)
  const reason = lastError ? `${state.is}: ${lastError}` : state.is
  return component('service', name, { level: 'unhealthy', reason })
}

/** The upstreams that chains ask, and the chains. */
export function gatewayComponents(chains: readonly ChainStatus[]): Component[] {
  return [...upstreams(chains), ...chains.map(chain)]
}

/** A part that is healthy, or as is said. */
export function component(kind: Kind, name: string, how: Health = { level: 'healthy' }): Component {
  return { name, kind, ...how, critical: isCritical(kind) }
}

type Health = Pick<Component, 'level' | 'reason'>

function upstreams(chains: readonly ChainStatus[]): Component[] {
  const seen = new Map<string, Component>()
  for (const { upstream: name, breaker } of chains.flatMap(({ links }) => links)) {
    if (name === undefined || breaker === undefined) continue
    const level = breaker.is === 'half-open' ? 'degraded' : 'unhealthy'
    const ill = { level, reason: `its breaker is ${breaker.is}` } as const
    seen.set(name, component('upstream', name, admitsAll(breaker) ? undefined : ill))
  }
  return [...seen.values()]
}

function chain({ name, order, links }: ChainStatus): Component {
  const breakers = links.flatMap(({ breaker }) => breaker ?? [])
  // In a cascade the others are there for when the first is not; in any other order each has its part.
  const wanted = order === 'cascade' ? breakers.slice(0, 1) : breakers
  if (wanted.every(admitsAll)) return component('chain', name)
  const others = links.flatMap((link) => (link.upstream === undefined ? [link.name] : []))
  const reason = makeshift(breakers, { order, others })
  if (reason !== undefined) return component('chain', name, { level: 'degraded', reason })
  return component('chain', name, { level: 'unhealthy', reason: 'no link can answer' })
}

/** How a chain of which a model that is wanted cannot answer still does. */
function makeshift(
  breakers: readonly BreakerStatus[],
  { order, others }: { readonly order: ChainStatus['order']; readonly others: readonly string[] },
): string | undefined {
  if (breakers.some(admitsAll))
    return order === 'cascade' ? 'its first link is passed over' : 'not all of its links can answer'
  if (others.includes('rules')) return 'only rules can answer'
  if (others.includes('stale')) return 'only what it answered before is answered'
  // A breaker opens its door when somebody knocks: without requests it stays open, though it would let the next one through.
  const probing = breakers.some(
    ({ is, retryAfter }) => is === 'half-open' || (is === 'open' && retryAfter === 0),
  )
  return probing ? 'the next request shows whether a link can answer again' : undefined
}

function admitsAll({ is }: BreakerStatus): boolean {
  return is === 'closed' || is === 'disabled' || is === 'observed'
}
