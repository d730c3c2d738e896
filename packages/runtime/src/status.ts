import type { ChainStatus, GatewayStatus } from '@holdfast/gateway'
import type { ServiceStatus } from '@holdfast/governor'
import { overall } from '@holdfast/telemetry/health'
import { type Component, component, gatewayComponents, type Level, serviceComponent } from './component.ts'

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
    ...governor.services.map(serviceComponent),
    ...gatewayComponents(chains),
  ]
  return {
    level: overall(components.map(({ level: status, critical }) => ({ status, critical }))),
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

/** The edge as others see it; how it sees itself is in its own health. */
function edge({ edge: { state } }: GovernorView, gateway: GatewayStatus | undefined): Component {
  if (state.is === 'ready' && gateway !== undefined) return component('edge', 'edge')
  const is = state.is === 'ready' ? 'silent' : state.is
  return component('edge', 'edge', { level: 'unhealthy', reason: `the gateway's process is ${is}` })
}
