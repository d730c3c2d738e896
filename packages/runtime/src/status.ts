import type { ChainStatus, GatewayStatus } from '@holdfast/gateway'
import type { ServiceStatus } from '@holdfast/governor'

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

export interface Component {
  readonly name: string
  readonly kind: 'edge' | 'service' | 'upstream' | 'chain'
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

function edge({ edge }: GovernorView, gateway: GatewayStatus | undefined): Component {
  const up = edge.state.is === 'ready' && gateway !== undefined
  return {
    name: 'edge',
    kind: 'edge',
    ...(up ? well : { level: 'unhealthy', reason: `the gateway's process is ${edge.state.is}` }),
  }
}

function service({ name, state, lastError }: ServiceStatus): Component {
  if (state.is === 'ready') return { name, kind: 'service', ...well }
  return {
    name,
    kind: 'service',
    level: 'unhealthy',
    reason: lastError ? `${state.is}: ${lastError}` : state.is,
  }
}

function upstreams(chains: readonly ChainStatus[]): Component[] {
  const seen = new Map<string, Component>()
  for (const { upstream, breaker } of chains.flatMap(({ links }) => links)) {
    if (upstream === undefined || breaker === undefined) continue
    const sick: Pick<Component, 'level' | 'reason'> = {
      level: 'unhealthy',
      reason: `its breaker is ${breaker.is}`,
    }
    seen.set(upstream, { name: upstream, kind: 'upstream', ...(breaker.is === 'closed' ? well : sick) })
  }
  return [...seen.values()]
}

function chain({ name, links }: ChainStatus): Component {
  const models = links.filter(({ breaker }) => breaker !== undefined)
  if (models.some(({ breaker }) => breaker?.is === 'closed')) {
    const first = models[0]?.breaker?.is
    return {
      name,
      kind: 'chain',
      ...(first === 'closed' ? well : { level: 'degraded', reason: 'its first link is passed over' }),
    }
  }
  const rules = links.some((link) => link.name === 'rules')
  return {
    name,
    kind: 'chain',
    level: rules ? 'degraded' : 'unhealthy',
    reason: rules ? 'only rules can answer' : 'no link can answer',
  }
}

const well = { level: 'healthy' } as const
