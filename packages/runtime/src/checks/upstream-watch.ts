import { type Clock, systemClock } from '@holdfast/policy'
import {
  type Check,
  type CheckAnswer,
  type ComponentStatus,
  type Health,
  health,
} from '@holdfast/telemetry/health'
import { type Component, component, type Kind } from '../component.ts'
import type { Config } from '../config/schema.ts'
import { WireMissingError, type wireModules } from '../wire-modules.ts'
import { withoutSecretsOf } from './known-secrets.ts'
import { patience, type UpstreamCheck } from './upstream-check.ts'

/** Keeps how the upstreams are that no chain names, so that nobody has to wait for one. */
export interface UpstreamWatch {
  readonly parts: readonly { readonly name: string; readonly kind: Kind }[]
  /**
   * How one of them was when it was asked last. In `details`: for how long it has been so (`for`), how long it took to answer (`roundTrip`) and why it was
   * not healthy last and how long ago (`lastError`), all in ms.
   */
  seen(name: string): CheckAnswer
  /** Those of which it is known how they were. */
  known(): readonly Component[]
  close(): Promise<void>
}

export interface UpstreamWatchOptions {
  readonly config: Config
  /** When to begin; never rejects. */
  readonly after: Promise<unknown>
  /** How long after one look the next is taken, in ms, where the file does not say. */
  readonly every?: number
  readonly clock?: Clock
  readonly load?: typeof wireModules
}

/*
 * I1  One look at a time is under way, over all that are looked at as often; who asks what was seen starts none.
 * I2  A look takes no longer than an upstream may take to answer, and a moment.
 * I3  Nothing is asked after `close`, and what was opened is closed.
 * I4  What is told of an upstream holds none of its secrets.
 */
/** Asks the upstreams of a file that no chain names how they are, again and again. */
export function upstreamWatch(options: UpstreamWatchOptions): UpstreamWatch {
  const { config, after, every = 10_000, clock = systemClock, load } = options
  const names = Object.keys(config.upstreams).filter((name) => !chained(config).has(name))
  const periodOf = (name: string) => config.upstreams[name]!.health ?? every
  const checks = new Map<string, Promise<UpstreamCheck>>()
  const kept = new Map<string, Kept>()
  const cancels = new Map<number, () => void>()
  let closed = false

  /** Made for the first look, so that nothing of it is loaded before. */
  const checkFor = (name: string): Promise<UpstreamCheck> => {
    const known = checks.get(name)
    if (known) return known
    const made = import('./check-of.ts').then(({ checkOf }) => checkOf(name, config, load))
    checks.set(name, made)
    made.catch(() => checks.delete(name))
    return made
  }
  const askHow = (name: string): Check => {
    const hide = withoutSecretsOf(config.upstreams[name]!)
    return async ({ signal }) => {
      if (closed) return undefined
      try {
        const answer = await (await checkFor(name)).ask(signal)
        return answer?.reason === undefined ? answer : { ...answer, reason: bounded(hide(answer.reason)) }
      } catch (error) {
        const reason = bounded(hide((error as Error).message))
        return { status: error instanceof WireMissingError ? 'unknown' : 'unhealthy', reason }
      }
    }
  }
  const look = async (registry: Health, period: number): Promise<void> => {
    if (closed) return
    const { components } = await registry.report()
    const at = clock.now()
    for (const { name, status, reason, took, details } of components) {
      const before = kept.get(name)
      const since = before?.status === status ? before.since : at
      const ails = status === 'degraded' || status === 'unhealthy'
      const lastError = ails ? { reason: reason ?? status, at } : before?.lastError
      kept.set(name, { status, reason, took, details, at, since, lastError })
    }
    if (!closed)
      cancels.set(
        period,
        clock.after(period, () => void look(registry, period)),
      )
  }
  for (const [period, group] of Map.groupBy(names, periodOf)) {
    if (period === 'off') continue
    const registry = health({ clock })
    for (const name of group)
      registry.add(name, askHow(name), { timeout: patience + moment, cache: 0, critical: false })
    void after.then(() => look(registry, period))
  }

  return {
    parts: names.map((name) => ({ name, kind: kindOf(config, name) })),
    seen(name) {
      const known = kept.get(name)
      if (known === undefined) {
        const off = periodOf(name) === 'off'
        return {
          status: 'unknown',
          reason: off ? 'it is not asked: health is off' : 'it has not been asked yet',
        }
      }
      const { status, reason, took, details, at, since, lastError } = known
      const now = clock.now()
      return {
        status,
        reason,
        age: now - at,
        details: {
          for: now - since,
          roundTrip: took,
          ...(lastError && { lastError: { reason: lastError.reason, age: now - lastError.at } }),
          ...Object(details),
        },
      }
    },
    known: () =>
      names.flatMap((name) => {
        const { status: level, reason } = kept.get(name) ?? { status: 'unknown' }
        if (level === 'unknown') return []
        return component(kindOf(config, name), name, { level, ...(reason !== undefined && { reason }) })
      }),
    async close() {
      closed = true
      for (const cancel of cancels.values()) cancel()
      await Promise.allSettled([...checks.values()].map(async (check) => (await check).close()))
    },
  }
}

interface Kept {
  readonly status: ComponentStatus
  readonly reason: string | undefined
  readonly took: number
  readonly details: unknown
  readonly at: number
  readonly since: number
  readonly lastError: { readonly reason: string; readonly at: number } | undefined
}

/** The other side may say what it likes, and as much. */
const bounded = (text: string): string => text.slice(0, 500)

/** For a check to say itself that its time is up, in ms. */
const moment = 250

function chained({ chains }: Config): ReadonlySet<string> {
  return new Set(
    Object.values(chains)
      .flatMap(({ links }) => links)
      .map(({ link }) => link.split('/', 1)[0]!),
  )
}

function kindOf({ upstreams }: Config, name: string): Kind {
  return upstreams[name]!.is === 'postgres' ? 'database' : 'upstream'
}
