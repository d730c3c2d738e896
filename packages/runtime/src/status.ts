import type { ChainStatus, GatewayStatus } from '@holdfast/gateway'
import type { ServiceStatus } from '@holdfast/governor'
import { overall } from '@holdfast/telemetry/health'
import { type Component, component, type Level, serviceComponent } from './component.ts'
import {
  crewAils,
  type EdgeReplica,
  type EdgeStatus,
  edgeParts,
  replicaNumbers,
} from './replicas/edge-replica.ts'
import { wholeGateway, wholeParts } from './replicas/whole-gateway.ts'

/** What the governor knows. */
export interface GovernorView {
  readonly version: string
  readonly file: string
  readonly pid: number
  readonly uptime: number
  readonly listen: { readonly gateway: string; readonly control: string }
  readonly edge: ServiceStatus
  /** What the processes of the edge said last, of those that are heard of. */
  readonly edges: readonly EdgeReplica[]
  readonly services: readonly ServiceStatus[]
}

/** How a running Holdfast is: the answer of `holdfast status` and of `GET /api/v1/status`. Durations are ms. */
export interface Status {
  readonly level: Level
  readonly version: string
  readonly file: string
  readonly uptime: number
  readonly listen: { readonly gateway: string; readonly control: string }
  readonly processes: {
    readonly governor: { readonly pid: number }
    readonly edge: ServiceStatus
    /** Each of the edge's processes, where it is several. */
    readonly edges?: readonly EdgeReplica[]
  }
  readonly services: readonly ServiceStatus[]
  readonly inFlight: number
  readonly chains: readonly ChainStatus[]
  readonly components: readonly Component[]
}

/**
 * Puts together what the governor and the edge's processes know; without any of those, that part is empty and the whole is unhealthy.
 * `elsewhere` is what ails in those processes of which there is no more; by default there are none.
 */
export function statusOf(
  governor: GovernorView,
  processes: readonly EdgeStatus[],
  elsewhere: readonly (readonly Component[])[] = [],
): Status {
  const whole = wholeGateway(processes.map(({ gateway }) => gateway))
  const { edge, edges } = governor
  const [first = [], ...others] = processes.map(edgeParts)
  const components = [
    edgeComponent(governor, whole),
    ...governor.services.map(serviceComponent),
    ...wholeParts(first, [...others, ...elsewhere]),
  ]
  return {
    level: overall(components.map(({ level: status, critical }) => ({ status, critical }))),
    version: governor.version,
    file: governor.file,
    uptime: governor.uptime,
    listen: governor.listen,
    processes: { governor: { pid: governor.pid }, edge, ...(replicaNumbers(edge) && { edges }) },
    services: governor.services,
    inFlight: whole?.inFlight ?? 0,
    chains: whole?.chains ?? [],
    components,
  }
}

/** The edge as others see it; how it sees itself is in its own health. */
function edgeComponent({ edge, edges }: GovernorView, gateway: GatewayStatus | undefined): Component {
  const { state } = edge
  if (state.is === 'ready' && gateway !== undefined) {
    const reason = crewAils(edge, edges)
    return component('edge', 'edge', reason === undefined ? undefined : { level: 'degraded', reason })
  }
  const is = state.is === 'ready' ? 'silent' : state.is
  return component('edge', 'edge', { level: 'unhealthy', reason: `the gateway's process is ${is}` })
}
