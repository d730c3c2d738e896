import type { ChainStatus, GatewayStatus } from '@holdfast/gateway'
import type { ServiceStatus } from '@holdfast/governor'
import type { BreakerStatus } from '@holdfast/policy'

/** How well something is: `degraded` still answers, though not as meant; `unhealthy` does not. */
export type Level = 'healthy' | 'degraded' | 'unhealthy'

/** What the governor knows. */
export interface GovernorView {
  readonly version: string
  readonly file: string
  readonly pid: number
  readonly uptime: number
  readonly listen: { readonly gateway: string; readonly control: string }
  readonly edge: ServiceStatus
  readonly services: readonly ServiceStatus[]
}

/** A part, and how well it is. */
export interface Component extends Health {
  readonly name: string
  readonly kind: 'edge' | 'service' | 'upstream' | 'chain'
}

interface Health {
  readonly level: Level
  /** Why it is not healthy. */
  readonly reason?: string
}

/** How a running Holdfast is: the answer of `holdfast status` and of `GET /api/v1/status`. Durations are ms. */
export interface Status {
  readonly level: Level
  readonly version: string
  readonly file: string
  readonly uptime: number
  readonly listen: { readonly gateway: string; readonly control: string }
  readonly processes: { readonly governor: { readonly pid: number }; readonly edge: ServiceStatus }
  readonly services: readonly ServiceStatus[]
  readonly inFlight: number
  readonly chains: readonly ChainStatus[]
  readonly components: readonly Component[]
}

/** Puts together what the governor and the edge know; without the edge, its part is empty and the whole is unhealthy. */
export function statusOf(governor: GovernorView, gateway: GatewayStatus | undefined): Status {
  const chains = gateway?.chains ?? []
  const components = [
    edge(governor, gateway),
    ...governor.services.map(service),
    ...upstreams(chains),
    ...chains.map(chain),
  ]
  return {
    level: overall(components),
    version: governor.version,
    file: governor.file,
    uptime: governor.uptime,
    listen: governor.listen,
    processes: { governor: { pid: governor.pid }, edge: governor.edge },
    services: governor.services,
    inFlight: gateway?.inFlight ?? 0,
    chains,
    components,
  }
}

/** A chain or the edge that cannot answer makes the whole unhealthy; anything else that ails only degrades it. */
function overall(components: readonly Component[]): Level {
  const down = components.some(
    ({ kind, level }) => level === 'unhealthy' && (kind === 'edge' || kind === 'chain'),
  )
  if (down) return 'unhealthy'
  return components.some(({ level }) => level !== 'healthy') ? 'degraded' : 'healthy'
}

function edge({ edge: { state } }: GovernorView, gateway: GatewayStatus | undefined): Component {
  if (state.is === 'ready' && gateway !== undefined) return { name: 'edge', kind: 'edge', ...well }
  const is = state.is === 'ready' ? 'silent' : state.is
  return { name: 'edge', kind: 'edge', level: 'unhealthy', reason: `the gateway's process is ${is}` }
}

function service({ name, state, lastError }: ServiceStatus): Component {
  if (state.is === 'ready') return { name, kind: 'service', ...well }
  const reason = lastError ? `${state.is}: ${lastError}` : state.is
  return { name, kind: 'service', level: 'unhealthy', reason }
}

function upstreams(chains: readonly ChainStatus[]): Component[] {
  const seen = new Map<string, Component>()
  for (const { upstream: name, breaker } of chains.flatMap(({ links }) => links)) {
    if (name === undefined || breaker === undefined) continue
    const level = breaker.is === 'half-open' ? 'degraded' : 'unhealthy'
    const how: Health = admitsAll(breaker) ? well : { level, reason: `its breaker is ${breaker.is}` }
    seen.set(name, { name, kind: 'upstream', ...how })
  }
  return [...seen.values()]
}

function chain({ name, links }: ChainStatus): Component {
  const breakers = links.flatMap(({ breaker }) => breaker ?? [])
  if (breakers[0] === undefined || admitsAll(breakers[0])) return { name, kind: 'chain', ...well }
  const reason = makeshift(breakers, breakers.length < links.length)
  if (reason !== undefined) return { name, kind: 'chain', level: 'degraded', reason }
  return { name, kind: 'chain', level: 'unhealthy', reason: 'no link can answer' }
}

/** How a chain whose first model cannot answer still does. */
function makeshift(breakers: readonly BreakerStatus[], rules: boolean): string | undefined {
  if (breakers.some(admitsAll)) return 'its first link is passed over'
  if (rules) return 'only rules can answer'
  // A breaker opens its door when somebody knocks: without requests it stays open, though it would let the next one through.
  const probing = breakers.some(
    ({ is, retryAfter }) => is === 'half-open' || (is === 'open' && retryAfter === 0),
  )
  return probing ? 'the next request shows whether a link can answer again' : undefined
}

function admitsAll({ is }: BreakerStatus): boolean {
  return is === 'closed' || is === 'disabled' || is === 'observed'
}

const well: Health = { level: 'healthy' }
