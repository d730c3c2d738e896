import { GovernorError } from '../governor-error.ts'
import type { LoadReader, Measure } from './load.ts'

/**
 * How many replicas a service should have, by what they have to do. Durations are ms.
 *
 * Each target is the load that a replica should have (see `Load`); of `queue`, how much may wait for each replica there
 * is. Of several targets, the one that asks for most replicas decides. `lag` needs another one beside it: it tells when
 * there is too much to do, not how little there is.
 */
export interface Autoscale extends Readonly<Partial<Record<Measure, number>>> {
  /** The fewest replicas. Default 1. */
  readonly min?: number
  /** The most. */
  readonly max: number
  /** How long after one look at the load the next follows. Default 5 000. */
  readonly every?: number
  /** How far from a target the load may be, as a share of it, before anything is changed. Default 0.1. */
  readonly tolerance?: number
  /** How long no look may have asked for as many replicas before any is taken away. Default 300 000. */
  readonly downAfter?: number
  /** How long after a change the next may follow. Default 15 000. */
  readonly coolDown?: number
  /** How many replicas may be added at once. Default as many as there are, but 4 if those are fewer. */
  readonly up?: number
  /** How many may be taken away at once. Default 1. */
  readonly down?: number
  /** Where the load is read, apart from `cpu`, which is read from the system: the page of the first replica (see `loadPage`). */
  readonly page?: string
  /** What reads it, in place of a page. A `cpu` that it tells counts more than the system's. */
  readonly read?: LoadReader
}

type Optional = Measure | 'up' | 'page' | 'read'

/** An `Autoscale` that was checked, with its defaults filled in. */
export type ScalingRules = Required<Omit<Autoscale, Optional>> & Pick<Autoscale, Optional>

/** Fills in what a service does not say of its scaling; throws `BAD_SERVICE`, naming the option and the value received. */
export const scalingRules = (service: string, said: Autoscale): ScalingRules => {
  const rules: ScalingRules = {
    min: 1,
    every: 5_000,
    tolerance: 0.1,
    downAfter: 300_000,
    coolDown: 15_000,
    down: 1,
    ...said,
  }
  const flaw = autoscaleFlaw(rules)
  if (flaw)
    throw new GovernorError(
      'BAD_SERVICE',
      `service "${service}": autoscale${flaw.option && `.${flaw.option}`} ${flaw.is}`,
      flaw.use,
    )
  return rules
}

/** What is wrong with the scaling of a service: at which option ('' for the whole), what it is, and what to do. */
export interface AutoscaleFlaw {
  readonly option: keyof Autoscale | ''
  readonly is: string
  readonly use: string
}

/** What cannot be, or undefined. */
export const autoscaleFlaw = (rules: Autoscale): AutoscaleFlaw | undefined => {
  for (const option of ['min', 'max', 'up', 'down'] as const) {
    const value = rules[option]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      return { option, is: `is ${value}`, use: 'use a whole number of at least 1' }
  }
  const { min = 1, max, tolerance = 0 } = rules
  if (max < min)
    return { option: 'max', is: `is ${max}, which is less than min, ${min}`, use: `use ${min} or more` }
  for (const option of ['cpu', 'lag', 'inFlight', 'queue', 'every'] as const) {
    const value = rules[option]
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      return { option, is: `is ${value}`, use: 'use a number above 0' }
  }
  for (const option of ['downAfter', 'coolDown'] as const) {
    const value = rules[option]
    if (value !== undefined && !(Number.isFinite(value) && value >= 0))
      return { option, is: `is ${value}`, use: 'use ms, 0 or more' }
  }
  if (!(tolerance >= 0 && tolerance < 1))
    return { option: 'tolerance', is: `is ${tolerance}`, use: 'use a number from 0 to below 1' }
  const { cpu, lag, inFlight, queue, page, read } = rules
  if (page !== undefined && !isPage(page, max))
    return {
      option: 'page',
      is: `is ${JSON.stringify(page)}`,
      use: 'use http://host:port/path, with a port free for each replica from that on',
    }
  if (page !== undefined && read)
    return { option: 'page', is: 'is there, and a reader as well', use: 'leave one of them out' }
  if (cpu === undefined && inFlight === undefined && queue === undefined)
    return lag === undefined
      ? {
          option: '',
          is: 'names no target',
          use: 'say what load a replica should have: cpu, inFlight or queue',
        }
      : {
          option: 'lag',
          is: 'is the only target, and tells when there is too much to do, not how little there is',
          use: 'add cpu, inFlight or queue',
        }
  const unread = (['lag', 'inFlight', 'queue'] as const).find((measure) => rules[measure] !== undefined)
  if (unread !== undefined && !read && page === undefined)
    return { option: unread, is: 'is a target that nobody measures', use: 'name the page where it is read' }
  return undefined
}

const isPage = (page: string, replicas: number): boolean => {
  if (!(URL.canParse(page) && page.startsWith('http://'))) return false
  const { port, username, password } = new URL(page)
  return port !== '' && Number(port) + replicas - 1 < 65_536 && username === '' && password === ''
}
