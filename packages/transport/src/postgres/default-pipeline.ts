import {
  breaker,
  budget,
  type Clock,
  isHoldfastError,
  type Pipeline,
  RejectedError,
  retry,
  timeout,
  wrap,
} from '@holdfast/policy'
import { WireFailure } from '../failure.ts'

/**
 * What calls go through that are given no pipeline: 30 s an attempt, 3 attempts 0.1 to 1 s apart within a budget of its own, and a breaker that opens
 * after 5 outages in a row, for 1 s at first and 30 s at most.
 */
export function defaultPipeline(clock: Clock): Pipeline {
  return wrap(
    retry({ attempts: 3, backoff: { initial: 100, max: 1_000 }, budget: budget({ clock }), clock }),
    breaker({
      failures: 5,
      openFor: { initial: 1_000, max: 30_000 },
      isFailure: isOutage,
      ignored: isOurs,
      clock,
    }),
    timeout(30_000, { clock }),
  )
}

/**
 * Whether a failure speaks against the server, rather than against the statement: what a breaker of one's own should be given as `isFailure`.
 *
 * A unique key that is taken, a serialisation failure and a full queue of ours do not.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof WireFailure) return outages.has(error.class) && error.code !== 'POSTGRES_POOL_FULL'
  return isHoldfastError(error) && error.code === 'TIMEOUT'
}

const outages: ReadonlySet<string> = new Set(['unsent', 'throttled', 'broken', 'timeout'])

/** We turned it away ourselves: it says nothing of the server, neither good nor bad. */
function isOurs(error: unknown): boolean {
  return (
    error instanceof RejectedError || (error instanceof WireFailure && error.code === 'POSTGRES_POOL_FULL')
  )
}
