import type { Load, Measure } from './load.ts'

/** A replica as it was found. One that backs off is starting, too; one that leaves or was given up is not there. */
export type ReplicaSeen = { readonly is: 'starting' } | { readonly is: 'ready'; readonly load: Load }

/** What was found at one look. */
export interface Observation {
  /** How many replicas there should be at the moment. */
  readonly wanted: number
  readonly replicas: readonly ReplicaSeen[]
}

export interface Target {
  readonly measure: Measure
  /** The load that each replica should have. */
  readonly aim: number
  /** How far from it the load may be, as a share of it. */
  readonly tolerance: number
}

/** How many replicas one target asks for, and the load that it goes by: the mean, or of a queue its length. */
export interface Wish {
  readonly replicas: number
  readonly load: number
}

/**
 * How many replicas bring the load to a target, as the Horizontal Pod Autoscaler of Kubernetes decides it; undefined when
 * nobody tells that load. Pure.
 *
 * `ceil(replicas * load / aim)`, and no change while `load / aim` is within the tolerance of 1. A replica that is starting
 * has no load when more are to be added, and is left out otherwise; one that does not tell its load has none when more are
 * to be added, and `aim` when some are to be taken away. What that turns round, or brings within the tolerance, is no
 * change. Source: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#algorithm-details
 */
export const wish = (target: Target, { wanted, replicas }: Observation): Wish | undefined => {
  const { measure, aim } = target
  const ready = replicas.flatMap((replica) => (replica.is === 'ready' ? [replica.load[measure]] : []))
  const told = ready.filter((value) => value !== undefined)
  if (told.length === 0) return undefined
  if (measure === 'queue') {
    const load = Math.max(...told)
    return { replicas: far(load / (aim * wanted), target) ? enough(load / aim) : wanted, load }
  }
  const sum = told.reduce((all, each) => all + each, 0)
  const load = sum / told.length
  const more = load > aim
  const silent = ready.length - told.length
  const total = more ? sum : sum + silent * aim
  const among = more ? replicas.length : ready.length
  const ratio = total / among / aim
  if (!far(ratio, target) || ratio > 1 !== more) return { replicas: wanted, load }
  const needed = enough(total / aim)
  return { replicas: more ? Math.max(needed, wanted) : Math.min(needed, wanted), load }
}

const far = (ratio: number, { tolerance }: Target): boolean => Math.abs(ratio - 1) > tolerance + dust

/** The whole number that is enough; what arithmetic leaves behind is not worth a replica. */
const enough = (replicas: number): number => Math.ceil(Math.max(dust, replicas) - dust)

const dust = 1e-9
