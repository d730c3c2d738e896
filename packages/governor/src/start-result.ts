import type { Life } from './life.ts'

/** How a start went: every service it was about is in one of the two lists. A job is ready when it is done. */
export interface StartResult {
  readonly ready: readonly string[]
  /** Not ready yet, with the reason. The governor keeps trying, unless the service was stopped meanwhile. */
  readonly failed: readonly { readonly service: string; readonly why: string }[]
}

/**
 * The result of a start, or undefined while any of its services may still become ready at the first attempt.
 *
 * `before` holds the services of the start and how often each had been restarted when it began; it must hold all that
 * they need. One that is no longer there was removed meanwhile. Pure.
 */
export const startResult = (
  before: ReadonlyMap<string, number>,
  lives: ReadonlyMap<string, Life>,
): StartResult | undefined => {
  const outcomes = [...before.keys()].map((name) => [name, outcome(name, before, lives)] as const)
  if (outcomes.some(([, result]) => result === 'open')) return undefined
  return {
    ready: outcomes.filter(([, result]) => result === 'ready').map(([service]) => service),
    failed: outcomes.flatMap(([service, result]) =>
      typeof result === 'object' ? [{ service, ...result }] : [],
    ),
  }
}

type Outcome = 'open' | 'ready' | { readonly why: string }

const outcome = (
  name: string,
  before: ReadonlyMap<string, number>,
  lives: ReadonlyMap<string, Life>,
): Outcome => {
  const life = lives.get(name)
  if (!life) return { why: 'removed before it was ready' }
  const { state, restarts, lastError = 'failed', service } = life
  if (state.is === 'ready' || state.is === 'done') return 'ready'
  if (state.is === 'failed') return { why: state.why }
  if (state.is === 'stopped') return { why: 'stopped before it was ready' }
  if (restarts > before.get(name)!) return { why: lastError }
  if (state.is !== 'waiting') return 'open'
  const missing = service.needs.find((need) => typeof outcome(need, before, lives) === 'object')
  return missing === undefined ? 'open' : { why: `waits for "${missing}", which is not ready` }
}
