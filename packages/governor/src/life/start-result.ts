import type { Life } from './life.ts'
import { presence } from './turns.ts'

/** How a start went: every service it was about is in one of the two lists. A job is ready when it is done. */
export interface StartResult {
  readonly ready: readonly string[]
  /** Not ready yet, with the reason. The governor keeps trying, unless the service was stopped meanwhile. */
  readonly failed: readonly { readonly service: string; readonly why: string }[]
}

/** What a start is about. */
export interface Begun {
  /** The services, and all that they need. */
  readonly services: readonly string[]
  /** How often each of their lives had been restarted when it began. */
  readonly restarts: ReadonlyMap<string, number>
}

/**
 * The result of a start, or undefined while any of its services may still become ready at the first attempt: all of its
 * replicas. One that is no longer there was removed meanwhile. Pure.
 */
export const startResult = (begun: Begun, lives: ReadonlyMap<string, Life>): StartResult | undefined => {
  const isThere = presence(lives)
  const replicas = Map.groupBy(
    [...lives.values()].filter(({ replica }) => replica !== undefined),
    ({ service }) => service.name,
  )
  const known = new Map<string, Outcome>()
  const outcome = (name: string): Outcome => {
    const found = known.get(name) ?? ofService(replicas.get(name) ?? [])
    known.set(name, found)
    return found
  }
  const ofService = (all: readonly Life[]): Outcome => {
    if (all.length === 0) return { why: 'removed before it was ready' }
    const outcomes = all.map((life) => ({ life, is: ofLife(life) }))
    if (outcomes.some(({ is }) => is === 'open')) return 'open'
    const failed = outcomes.find(({ is }) => typeof is === 'object')
    if (!failed) return 'ready'
    const { why } = failed.is as { why: string }
    return { why: all.length === 1 ? why : `replica ${failed.life.replica}: ${why}` }
  }
  const ofLife = ({ id, state, restarts, lastError = 'failed', service }: Life): Outcome => {
    if (state.is === 'ready' || state.is === 'done') return 'ready'
    if (state.is === 'failed') return { why: state.why }
    if (state.is === 'stopped') return { why: 'stopped before it was ready' }
    if (restarts > (begun.restarts.get(id) ?? 0)) return { why: lastError }
    if (state.is !== 'waiting') return 'open'
    const missing = service.needs.find((need) => !isThere(need) && typeof outcome(need) === 'object')
    return missing === undefined ? 'open' : { why: `waits for "${missing}", which is not ready` }
  }

  const outcomes = begun.services.map((name) => [name, outcome(name)] as const)
  if (outcomes.some(([, result]) => result === 'open')) return undefined
  return {
    ready: outcomes.filter(([, result]) => result === 'ready').map(([service]) => service),
    failed: outcomes.flatMap(([service, result]) =>
      typeof result === 'object' ? [{ service, ...result }] : [],
    ),
  }
}

type Outcome = 'open' | 'ready' | { readonly why: string }
