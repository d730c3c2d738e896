import { UnknownNameError } from '../errors.ts'

/** Systems outside that there is a ready-made policy for. */
export type OutsideSystem =
  | 'intune'
  | 'jamf'
  | 'sccm'
  | 'landscape'
  | 'ansible'
  | 'servicenow'
  | 'jira'
  | 'active_directory'
  | 'entra_id'
  | 'ai_provider'
  | 'database'
  | 'external_api'
  | 'lmstudio'

/** A ready-made policy, as plain data; durations are ms. */
export interface Preset {
  readonly retry: {
    readonly attempts: number
    readonly backoff: { readonly initial: number; readonly max: number }
  }
  readonly breaker: { readonly failures: number; readonly openFor: number }
  readonly bulkhead: { readonly limit: number; readonly queue: number; readonly maxWait: number }
  /** For each attempt. */
  readonly timeout: number
}

/*
 * All of them break off after 5 failures in a row. What differs is how patient one may be: management systems take their time and must not be crowded,
 * a directory or a database answers at once or not at all, a language model takes a minute, and one on one's own machine does one thing at a time.
 */
const presets: Readonly<Record<OutsideSystem, Preset>> = {
  intune: system({ attempts: 3, wait: [2_000, 30_000], timeout: 60_000, limit: 10 }),
  jamf: system({ attempts: 3, wait: [1_000, 10_000], timeout: 30_000, limit: 5 }),
  sccm: system({ attempts: 3, wait: [2_000, 30_000], timeout: 60_000, limit: 5 }),
  landscape: system({ attempts: 3, wait: [1_000, 10_000], timeout: 30_000, limit: 5 }),
  ansible: system({ attempts: 3, wait: [2_000, 30_000], timeout: 60_000, limit: 5 }),
  servicenow: system({ attempts: 3, wait: [1_000, 10_000], timeout: 30_000, limit: 10 }),
  jira: system({ attempts: 3, wait: [1_000, 10_000], timeout: 30_000, limit: 10 }),
  active_directory: system({ attempts: 2, wait: [500, 5_000], timeout: 10_000, limit: 20 }),
  entra_id: system({ attempts: 3, wait: [1_000, 10_000], timeout: 30_000, limit: 20 }),
  ai_provider: system({ attempts: 2, wait: [500, 5_000], timeout: 120_000, limit: 50 }),
  database: system({ attempts: 2, wait: [100, 1_000], timeout: 30_000, limit: 20, openFor: 30_000 }),
  external_api: system({ attempts: 3, wait: [1_000, 10_000], timeout: 30_000, limit: 20 }),
  lmstudio: system({ attempts: 2, wait: [500, 5_000], timeout: 120_000, limit: 2 }),
}

/** The names of all ready-made policies. */
export const outsideSystems = Object.keys(presets) as readonly OutsideSystem[]

/**
 * The ready-made policy for a system outside: `policy('jira', preset('jira'))`, or `{ ...preset('jira'), timeout: 5_000 }`.
 *
 * Throws `UnknownNameError` for a name that is none.
 */
export function preset(name: OutsideSystem): Preset {
  if (Object.hasOwn(presets, name)) return presets[name]
  throw new UnknownNameError('preset', name, outsideSystems)
}

interface System {
  readonly attempts: number
  /** The first wait, and the longest, in ms. */
  readonly wait: readonly [initial: number, max: number]
  readonly timeout: number
  /** Attempts at the same time; ten times as many may wait, each as long as an attempt may take. */
  readonly limit: number
  readonly openFor?: number
}

function system({ attempts, wait: [initial, max], timeout, limit, openFor = 60_000 }: System): Preset {
  return {
    retry: { attempts, backoff: { initial, max } },
    breaker: { failures: 5, openFor },
    bulkhead: { limit, queue: 10 * limit, maxWait: timeout },
    timeout,
  }
}
