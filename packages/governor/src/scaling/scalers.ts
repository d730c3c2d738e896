import type { Clock } from '@holdfast/policy'
import type { GovernorEvent } from '../governor-event.ts'
import type { Life } from '../life/life.ts'
import type { UsageReader } from '../process-usage.ts'
import type { Service } from '../service.ts'
import type { ScalingRules } from './autoscale.ts'
import { type ReplicaNow, scaler } from './scaler.ts'

export interface ScalersOptions {
  readonly clock: Clock
  readonly usage: UsageReader
  readonly announce: (event: GovernorEvent) => void
  /** The services that shall run, as they were asked for. */
  readonly services: () => readonly Service[]
  /** The lives of a service, without those that leave. */
  readonly lives: (name: string) => readonly Life[]
  /** How many replicas of a service there shall be. */
  readonly wanted: (name: string) => number
  readonly scale: (name: string, replicas: number) => void
}

/*
 * I1  Each service that shall run and is scaled has one scaler, made for its rules as they are, unless none of its
 *     processes runs or will by itself; no other has one.
 */
/** Takes up scaling services, or leaves off, as they stand; to be called when that has changed. */
export const scalers = (options: ScalersOptions): (() => void) => {
  const { clock, usage, announce, lives, wanted, scale } = options
  const running = new Map<string, { readonly rules: ScalingRules; readonly end: () => void }>()

  return () => {
    const scaled = new Map<string, ScalingRules>()
    for (const { name, autoscale } of options.services())
      if (autoscale && lives(name).flatMap(asReplica).length > 0) scaled.set(name, autoscale)
    for (const [name, { rules, end }] of running) {
      if (scaled.get(name) === rules) continue
      end()
      running.delete(name)
    }
    for (const [name, rules] of scaled) {
      if (running.has(name)) continue
      const end = scaler({
        service: name,
        rules,
        clock,
        usage,
        announce,
        now: () => ({ wanted: wanted(name), replicas: lives(name).flatMap(asReplica) }),
        scale: (replicas) => scale(name, replicas),
      })
      running.set(name, { rules, end })
    }
  }
}

/** A spare is no replica yet; nor is one any more that will not be started again by itself. */
const asReplica = ({ state, replica, run }: Life): readonly ReplicaNow[] => {
  if (replica === undefined) return []
  if (state.is === 'stopped' || state.is === 'done' || state.is === 'failed') return []
  return state.is === 'ready' && run ? [{ is: 'ready', replica, pid: run.pid }] : [{ is: 'starting' }]
}
