import type { GatewayStatus } from '@holdfast/gateway'
import type { ServiceStatus } from '@holdfast/governor'
import { type Component, gatewayComponents } from '../component.ts'

/** What a process of the edge knows. */
export interface EdgeStatus {
  readonly gateway: GatewayStatus
  /** The upstreams that no chain names, as far as it is known how they are. */
  readonly outside: readonly Component[]
}

/** The parts that a process of the edge knows. */
export function edgeParts({ gateway, outside }: EdgeStatus): readonly Component[] {
  return [...outside, ...gatewayComponents(gateway.chains)]
}

/** What one process of the edge said of its gateway last. */
export interface EdgeReplica {
  readonly replica: number
  readonly pid: number
  /** How long ago it said so, in ms. */
  readonly age: number
  readonly inFlight: number
  /** Of clients, those that are kept included. */
  readonly connections: number
  /** To all of its chains, since it began. */
  readonly requests: number
  /** The upstreams and chains that are not well in it. */
  readonly ailing: readonly Component[]
}

/** The numbers of the edge's replicas, if it is several processes, or is becoming so. */
export function replicaNumbers({ replicas }: ServiceStatus): readonly number[] | undefined {
  if (!replicas) return undefined
  const numbers = [...new Set(replicas.each.flatMap(({ replica }) => replica ?? []))]
  return replicas.wanted > 1 || numbers.length > 1 ? numbers : undefined
}

/** The others, as one of them hears of them. */
export function otherReplicas(
  { edge, edges }: { readonly edge: ServiceStatus; readonly edges: readonly EdgeReplica[] },
  pid: number,
): readonly EdgeReplica[] {
  const own = edge.replicas?.each.find((each) => each.pid === pid)?.replica
  return replicaNumbers(edge) && own !== undefined ? edges.filter(({ replica }) => replica !== own) : []
}

/** Why not all processes of an edge that is several are well, if so. */
export function crewAils(
  { replicas }: ServiceStatus,
  heard: readonly Pick<EdgeReplica, 'replica'>[],
): string | undefined {
  if (!replicas || replicas.wanted === 1) return undefined
  if (replicas.ready < replicas.wanted) return `${replicas.ready} of ${replicas.wanted} replicas are ready`
  const spoke = new Set(heard.map(({ replica }) => replica))
  const silent = new Set(
    replicas.each.flatMap(({ replica, state }) =>
      replica !== undefined && state.is === 'ready' && !spoke.has(replica) ? replica : [],
    ),
  )
  if (silent.size === 0) return undefined
  return `${silent.size === 1 ? 'replica' : 'replicas'} ${[...silent].join(', ')} ${silent.size === 1 ? 'is' : 'are'} silent`
}
