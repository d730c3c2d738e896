import type { ScalingRules } from './autoscale.ts'
import { type Measure, measures } from './load.ts'
import { type Observation, wish } from './wish.ts'

/** How many replicas were asked for at a moment of the governor's clock, and why. */
export interface PastWish {
  readonly at: number
  readonly replicas: number
  readonly why: string
}

/** What is remembered about the scaling of one service. */
export interface ScalingState {
  readonly rules: ScalingRules
  /** What was asked for within `downAfter`, without what was followed by as much or more; oldest and largest first. */
  readonly wishes: readonly PastWish[]
  /** When something was last measured, or the beginning. */
  readonly seen: number
  /** When the number of replicas was last changed. */
  readonly changed?: number | undefined
}

export interface ScalingStep {
  readonly state: ScalingState
  /** How many replicas there should be from now on. */
  readonly wanted: number
  /** Why that is not what it was; empty when it is. */
  readonly why: string
}

/*
 * I1  What is wanted is never below `min` nor above `max`, whatever was measured, and however many there were.
 * I2  Nothing is taken away within `downAfter` of something added, or of the beginning: so the number of replicas turns
 *     its direction at most once within that time. Only into the range it is changed at any time.
 * I3  After a change there is none for `coolDown`, and none is larger than `up` or `down`; the range is excepted again.
 * I4  When nothing can be measured nothing changes; when a part cannot, nothing is taken away.
 * I5  No more wishes are kept than there are sizes from `min` to `max`.
 */

/** The scaling of a service that begins with so many replicas. */
export const unscaled = (rules: ScalingRules, wanted: number, at: number): ScalingState => ({
  rules,
  wishes: [{ at, replicas: within(rules, wanted), why: '' }],
  seen: at,
})

/**
 * Decides after a look how many replicas a service should have. Pure.
 *
 * Every target has a wish, and the largest counts. More are added at once, as far as `up` allows; fewer are taken away
 * only down to the largest wish of the last `downAfter`, the stabilisation window of Kubernetes' autoscaler. A service
 * that could not be measured for that long begins anew.
 */
export const scaling = (before: ScalingState, observation: Observation, at: number): ScalingStep => {
  const { rules, changed } = before
  const { wanted } = observation
  const inside = within(rules, wanted)
  if (inside !== wanted) {
    const why = `${wanted} is not between ${rules.min} and ${rules.max}`
    return { state: { ...before, changed: at }, wanted: inside, why }
  }
  const now = largest(rules, observation, at)
  if (!now) return { state: before, wanted, why: '' }

  const known = at - before.seen < rules.downAfter ? before : { ...before, ...unscaled(rules, wanted, at) }
  const recent = known.wishes.filter((each) => at - each.at < rules.downAfter && each.replicas > now.replicas)
  const state = { ...known, wishes: [...recent, now], seen: at }
  const [most = now] = state.wishes
  if (changed !== undefined && at - changed < rules.coolDown) return { state, wanted, why: '' }

  const next =
    now.replicas > wanted
      ? Math.min(now.replicas, wanted + (rules.up ?? Math.max(wanted, 4)))
      : Math.max(Math.min(most.replicas, wanted), wanted - rules.down)
  if (next === wanted) return { state, wanted, why: '' }
  const why = next > wanted ? now.why : `no more than ${most.replicas} of late: ${most.why}`
  return { state: { ...state, changed: at }, wanted: next, why }
}

/** The largest wish of all targets; undefined when no target has one. */
const largest = (rules: ScalingRules, observation: Observation, at: number): PastWish | undefined => {
  const { tolerance } = rules
  const { wanted } = observation
  let most: PastWish | undefined
  let unknown: Measure | undefined
  for (const measure of measures) {
    const aim = rules[measure]
    if (aim === undefined) continue
    const found = wish({ measure, aim, tolerance }, observation)
    if (!found) unknown = measure
    else if (!most || found.replicas > most.replicas) {
      const each = measure === 'queue' ? ' a replica' : ''
      const why = `${measure} is ${Number(found.load.toPrecision(3))}, and should be ${aim}${each}`
      most = { at, replicas: found.replicas, why }
    }
  }
  if (most && unknown && most.replicas < wanted)
    most = { at, replicas: wanted, why: `nobody tells its ${unknown}` }
  return most && { ...most, replicas: within(rules, most.replicas) }
}

const within = ({ min, max }: ScalingRules, replicas: number): number =>
  Math.min(Math.max(replicas, min), max)
