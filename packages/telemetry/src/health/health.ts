import { type Clock, demand, OptionError, systemClock } from '@holdfast/policy'
import {
  type AddedCheck,
  addedCheck,
  type Check,
  type CheckOptions,
  type CheckSettings,
  type Component,
  type HealthStatus,
  reasonOf,
} from './check.ts'

/** How everything is. */
export interface HealthReport {
  readonly status: HealthStatus
  /** In the order in which they were added. */
  readonly components: readonly Component[]
}

/** An answer to `/livez` or `/readyz`. */
export interface Readiness {
  readonly ok: boolean
  /** Why not: one line for each thing in the way. */
  readonly reasons: readonly string[]
}

/** A registry of checks. None of its questions ever rejects. */
export interface Health {
  /** Adds a check; what it answers with takes it away again. A name can be there once. */
  add(name: string, check: Check, options?: CheckOptions): () => void
  /** Every check, side by side. `unhealthy` if one that is critical is, `degraded` if anything else ails; what is `unknown` counts for nothing. */
  report(): Promise<HealthReport>
  /** Whether the process itself works, so that a restart would not help: only checks with `live: true` count, and no dependency ever does. */
  live(): Promise<Readiness>
  /** Whether to send requests here: nothing critical is unhealthy (of those that stand in for each other, not all), and it does not drain. */
  ready(): Promise<Readiness>
  /** From now on not ready, for this reason: what is on its way is finished, and nothing new wanted. */
  drain(reason?: string): void
}

const names = ['timeout', 'cache', 'critical', 'live', 'oneOf']

/*
 * I1  No question rejects, and none waits longer than the longest time-out of a check it asks.
 * I2  `live` asks only checks with `live: true`.
 * I3  Once drained, it is never ready again.
 */
/** A registry of health checks: each has its time-out and its cached answer, and all are made side by side. */
export function health({ clock = systemClock }: { readonly clock?: Clock | undefined } = {}): Health {
  const checks = new Map<string, AddedCheck>()
  let draining: string | undefined

  const ask = (asked: readonly AddedCheck[]): Promise<Component[]> =>
    Promise.all(asked.map((check) => check.run().catch((error: unknown) => unknown(check, error))))

  return {
    add(name, check, options = {}) {
      demand(typeof name === 'string' && name !== '', 'health.add: name', name, 'a name')
      demand(!checks.has(name), 'health.add: name', name, 'a name that is not there yet')
      demand(typeof check === 'function', 'health.add: check', check, 'a function')
      const added = addedCheck(name, check, settled(options), clock)
      checks.set(name, added)
      return () => {
        if (checks.get(name) === added) checks.delete(name)
      }
    },
    async report() {
      const components = await ask([...checks.values()])
      return { status: overall(components), components }
    },
    async live() {
      return answer((await ask([...checks.values()].filter(({ live }) => live))).filter(isBad))
    },
    async ready() {
      if (draining !== undefined) return { ok: false, reasons: [draining] }
      const asked = [...checks.values()].filter(({ critical }) => critical)
      const components = await ask(asked)
      if (draining !== undefined) return { ok: false, reasons: [draining] }
      return answer(inTheWay(asked, components))
    },
    drain(reason = 'draining') {
      draining ??= reason
    },
  }
}

/** The worst of what matters. */
export function overall(components: readonly Pick<Component, 'status' | 'critical'>[]): HealthStatus {
  if (components.some(({ status, critical }) => critical && status === 'unhealthy')) return 'unhealthy'
  const ails = components.some(({ status }) => status === 'degraded' || status === 'unhealthy')
  return ails ? 'degraded' : 'healthy'
}

/** What is unhealthy and has nobody to stand in for it; the components are those of the checks, in their order. */
function inTheWay(checks: readonly AddedCheck[], components: readonly Component[]): Component[] {
  const standing = new Set(checks.flatMap(({ oneOf }, n) => (isBad(components[n]!) ? [] : oneOf)))
  return components.filter((component, n) => {
    const { oneOf } = checks[n]!
    return isBad(component) && (oneOf === undefined || !standing.has(oneOf))
  })
}

function isBad({ status }: Component): boolean {
  return status === 'unhealthy'
}

function answer(bad: readonly Component[]): Readiness {
  return { ok: bad.length === 0, reasons: bad.map(({ name, reason }) => `${name}: ${reason ?? 'unhealthy'}`) }
}

/** Who asks has run out of time, or has been aborted: what was not found out is told as bad. */
function unknown({ name, critical }: AddedCheck, error: unknown): Component {
  return { name, status: 'unhealthy', reason: `not known: ${reasonOf(error)}`, critical, took: 0, age: 0 }
}

function settled(options: CheckOptions): CheckSettings {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new OptionError(
        `health.add.${name}`,
        Reflect.get(options, name),
        `left out; there is ${names.join(', ')}`,
      )
    }
  }
  const { timeout = 2_000, cache = 1_000, critical = true, live = false, oneOf } = options
  demand(typeof timeout === 'number' && timeout > 0, 'health.add.timeout', timeout, 'a number of ms above 0')
  demand(typeof cache === 'number' && cache >= 0, 'health.add.cache', cache, 'a number of ms, at least 0')
  demand(typeof critical === 'boolean', 'health.add.critical', critical, 'true or false')
  demand(typeof live === 'boolean', 'health.add.live', live, 'true or false')
  demand(oneOf === undefined || typeof oneOf === 'string', 'health.add.oneOf', oneOf, 'a word')
  return { timeout, cache, critical, live, oneOf }
}
