import { seededRandom } from '@holdfast/policy/testing'
import type { Autoscale } from '../scaling/autoscale.ts'
import { type Second, simulate } from './simulated-service.ts'

/** A load that scaling is shown under. Times are seconds. */
export interface ScalingLoad {
  readonly name: string
  /** In cores. */
  readonly demand: (second: number) => number
  readonly noise?: number
  readonly startUp?: number
  readonly seconds?: number
  /** What is not said is said by the defaults, and CPU of 60 %. */
  readonly rules?: Omit<Autoscale, 'max'>
  /** When the load grows, to stay so until it falls. */
  readonly step?: { readonly up: number; readonly down: number }
}

/** What came of a load. */
export interface ScalingOutcome {
  /** Looks that changed the number of replicas, and those that did it against the direction of the change before. */
  readonly changes: number
  readonly turns: number
  /** The most replicas that there were, and the most that the load without its noise needs at the target. */
  readonly most: number
  readonly needed: number
  /** Looks from a step up until as many as are needed are ready, and from a step down until there is the last change. */
  readonly grown: number | undefined
  readonly shrunk: number | undefined
  /** The share of the ready cores that was used, on average over time. */
  readonly used: number
  /** The longest wait of work for its turn, in seconds. */
  readonly wait: number
}

const aim = 0.6
const minute = 60
const hour = 60 * minute
const step = { up: 5 * minute, down: 20 * minute }
const stepped = (second: number): number => (second >= step.up && second < step.down ? 8 : 1)
const noisy = { demand: stepped, noise: 0.2, step }
const undamped = { cpu: aim, tolerance: 0, downAfter: 0, coolDown: 0, down: 20 }

export const scalingLoads: readonly ScalingLoad[] = [
  { name: 'steady: 3 cores, 20 % noise', demand: () => 3, noise: 0.2 },
  { name: '… 60 % noise', demand: () => 3, noise: 0.6 },
  { name: '… 60 % noise, nothing damped', demand: () => 3, noise: 0.6, rules: undamped },
  { name: 'step: 1 core, 8, 1', demand: stepped, step },
  { name: '… 20 % noise', ...noisy },
  { name: '… and a start takes 60 s', ...noisy, startUp: minute },
  { name: '… and also lag of 40 ms', ...noisy, rules: { cpu: aim, lag: 40 } },
  { name: '… and also a queue of 2 each', ...noisy, rules: { cpu: aim, queue: 2 } },
  { name: '… a queue of 2 each alone', ...noisy, rules: { queue: 2 } },
  { name: '… 2 in flight each alone', ...noisy, rules: { inFlight: 2 } },
  {
    name: 'ramp: 1 core to 8 in 15 min, 20 % noise',
    demand: (second) => 1 + 7 * Math.min(1, second / (15 * minute)),
    noise: 0.2,
  },
  {
    name: 'spike: 1 core, 10 for 30 s, 20 % noise',
    demand: (second) => (second >= step.up && second < step.up + 30 ? 10 : 1),
    noise: 0.2,
  },
  {
    name: 'a day: 1 core to 8 and back, 20 % noise',
    demand: (second) => 4.5 - 3.5 * Math.cos((2 * Math.PI * second) / (24 * hour)),
    noise: 0.2,
    seconds: 24 * hour,
  },
]

/** Lets a service, looked at every 5 s, live through a load; the noise is chance. */
export const scalingOutcome = (load: ScalingLoad, seed = 1): ScalingOutcome => {
  const { demand, noise = 0, startUp = 5, seconds = 40 * minute, rules = { cpu: aim } } = load
  const need = (second: number) => Math.ceil(demand(second) / aim)
  const seen = simulate({
    rules: { max: 40, ...rules },
    begins: need(0),
    demand,
    noise,
    startUp,
    seconds,
    random: seededRandom(seed),
  })
  const changes = seen.flatMap(({ replicas }, second) => {
    const by = replicas - (seen[second - 1]?.replicas ?? replicas)
    return by === 0 ? [] : [{ second, up: by > 0 }]
  })
  const looks = (since: number, until: number | undefined) =>
    until === undefined ? undefined : Math.max(0, Math.ceil((until - since) / 5))
  const at = load.step
  const enough = at && seen.findIndex(({ ready }, second) => second >= at.up && ready >= need(at.up))
  return {
    changes: changes.length,
    turns: changes.filter(({ up }, n) => n > 0 && changes[n - 1]!.up !== up).length,
    most: Math.max(...seen.map(({ replicas }) => replicas)),
    needed: Math.max(...seen.map((_, second) => need(second))),
    grown: at && looks(at.up, enough),
    shrunk: at && looks(at.down, changes.at(-1)?.second),
    used: seen.reduce((sum: number, { used }: Second) => sum + used, 0) / seconds,
    wait: Math.max(...seen.map(({ wait }) => wait)),
  }
}

/** The outcomes as rows of a table in Markdown. */
export const scalingTable = (): string =>
  scalingLoads
    .map((load) => ({ name: load.name, ...scalingOutcome(load) }))
    .map(
      ({ name, changes, turns, most, needed, grown = '', shrunk = '', used, wait }) =>
        `| ${name} | ${changes} | ${turns} | ${most} of ${needed} | ${grown} | ${shrunk} | ${Math.round(used * 100)} % | ${wait.toFixed(1)} s |`,
    )
    .join('\n')
