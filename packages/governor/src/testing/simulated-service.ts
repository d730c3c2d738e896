import type { Random } from '@holdfast/policy'
import { type Autoscale, scalingRules } from '../scaling/autoscale.ts'
import type { Load } from '../scaling/load.ts'
import { scaling, unscaled } from '../scaling/scaling.ts'
import type { ReplicaSeen } from '../scaling/wish.ts'

/** A service that is scaled, and what it has to do. Times are seconds of the simulation. */
export interface Simulated {
  readonly rules: Autoscale
  /** How many replicas there are when it begins. */
  readonly begins: number
  /** Work that arrives, in cores: 3 keeps three replicas busy. */
  readonly demand: (second: number) => number
  /** By which share of it the work that arrives in a second may differ from that, either way. */
  readonly noise?: number
  /** From the decision for a replica until it is ready. */
  readonly startUp: number
  readonly seconds: number
  readonly random: Random
}

/** What was at the end of a second. */
export interface Second {
  readonly replicas: number
  readonly ready: number
  /** The share of the cores of ready replicas that was used. */
  readonly used: number
  /** How long what arrives now waits before its turn, in seconds. */
  readonly wait: number
}

/** A job takes this much of a core, in seconds. */
const job = 0.02

/**
 * Lets a service live through its load, second by second; each replica does one core's work and what is too much waits in
 * a queue that they share. Its lag is that of a single server with random arrivals, `job * used / (1 - used)`; in flight
 * is what waits and what is in work.
 */
export const simulate = (service: Simulated): readonly Second[] => {
  const { begins, demand, noise = 0, startUp, seconds, random } = service
  const rules = scalingRules('simulated', { read: async () => ({}), ...service.rules })
  let state = unscaled(rules, begins, 0)
  let ready: number[] = Array.from({ length: begins }, () => 0)
  let backlog = 0
  let window: Interval = nothing
  const seen: Second[] = []
  for (let now = 0; now < seconds; now++) {
    const serving = ready.filter((at) => at <= now).length
    const work = backlog + demand(now) * (1 + noise * (2 * random() - 1))
    const done = Math.min(work, serving)
    backlog = work - done
    window = { done: window.done + done, served: window.served + serving, backlog }
    seen.push({ replicas: ready.length, ready: serving, used: done / serving, wait: backlog / serving })
    if ((now + 1) % (rules.every / 1_000) !== 0) continue
    const replicas = ready.map(
      (at): ReplicaSeen => (at <= now ? { is: 'ready', load: loadOf(window, serving) } : { is: 'starting' }),
    )
    const step = scaling(state, { wanted: ready.length, replicas }, now * 1_000)
    state = step.state
    window = nothing
    const more = Array.from({ length: Math.max(0, step.wanted - ready.length) }, () => now + startUp)
    ready = [...ready, ...more].slice(0, step.wanted)
  }
  return seen
}

/** Work done, cores there were, and work left over. */
interface Interval {
  readonly done: number
  readonly served: number
  readonly backlog: number
}

const nothing: Interval = { done: 0, served: 0, backlog: 0 }

const loadOf = ({ done, served, backlog }: Interval, serving: number): Load => {
  const cpu = done / served
  const waiting = backlog / job
  const busy = Math.min(cpu, 0.99)
  return {
    cpu,
    lag: 1_000 * ((job * busy) / (1 - busy) + backlog / serving),
    inFlight: busy / (1 - busy) + waiting / serving,
    queue: waiting + cpu * serving,
  }
}
