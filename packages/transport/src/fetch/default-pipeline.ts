import {
  breaker,
  budget,
  type Clock,
  isHoldfastError,
  type Pipeline,
  retry,
  timeout,
  wrap,
} from '@holdfast/policy'
import { WireFailure } from '../failure.ts'

/** Origins that are remembered; beyond them the one that was made first is forgotten, with its breaker. */
const MOST = 1_000

/**
 * The pipeline for an origin whose calls were given none: 30 s an attempt, 3 attempts 0.2 to 5 s apart within a budget, and a breaker that opens after
 * 5 outages in a row, for 1 s at first and 30 s at most. Each origin has its own, so that one that is down costs the others nothing.
 */
export function pipelines(clock: Clock): (origin: string) => Pipeline {
  const known = new Map<string, Pipeline>()
  return (origin) => {
    const found = known.get(origin)
    if (found !== undefined) return found
    const [eldest] = known.keys()
    if (known.size >= MOST && eldest !== undefined) known.delete(eldest)
    const made = wrap(
      retry({ attempts: 3, backoff: { initial: 200, max: 5_000 }, budget: budget({ clock }), clock }),
      breaker({ failures: 5, openFor: { initial: 1_000, max: 30_000 }, isFailure: isOutage, clock }),
      timeout(30_000, { clock }),
    )
    known.set(origin, made)
    return made
  }
}

/** Whether a failure speaks against the server: an answer that asks for fewer calls does not, nor does our own closing. */
export function isOutage(error: unknown): boolean {
  if (error instanceof WireFailure) return outages.has(error.class)
  return isHoldfastError(error) && error.code === 'TIMEOUT'
}

const outages: ReadonlySet<string> = new Set(['unsent', 'transient', 'broken', 'timeout'])
