import {
  type Breaker,
  breaker,
  budget,
  type Clock,
  type Pipeline,
  retry,
  timeout,
  wrap,
} from '@holdfast/policy'
import { type Patience, patienceDefaults } from './patience.ts'
import { ProviderFailure } from './provider-failure.ts'
import type { UpstreamPolicy } from './upstream.ts'

export interface PipelineSetting {
  readonly clock: Clock
  readonly random: () => number
  readonly breaker?: Breaker | undefined
}

/** A provider's policy in force. */
export interface ProviderPipeline {
  readonly breaker: Breaker
  /** Retry around breaker around time-out: what every call to this provider goes through. */
  readonly pipeline: Pipeline
  readonly patience: Patience
}

/**
 * The policy of the provider of that name, which is that of its breaker and, where the policy names none, of its budget. With a `breaker` it lives
 * under that one.
 */
export function providerPipeline(
  name: string,
  policy: UpstreamPolicy,
  { clock, random, breaker: guard = breakerOf(name, policy, clock) }: PipelineSetting,
): ProviderPipeline {
  const { headers, firstToken, idle, total } = { ...patienceDefaults, ...policy.timeout }
  const pipeline = wrap(
    retry({
      attempts: 2,
      backoff: { initial: 500, max: 5_000 },
      ...policy.retry,
      budget: budget(policy.budget ?? name, { clock }),
      when: worthAnotherTry,
      clock,
      random,
    }),
    guard,
    timeout(total, { mode: 'cooperative', clock }),
  )
  return { breaker: guard, pipeline, patience: { headers, firstToken, idle } }
}

/** One answer may be luck: a provider that gives it and dies again would cost the next callers as many failures as open the breaker. */
function breakerOf(name: string, policy: UpstreamPolicy, clock: Clock): Breaker {
  return breaker(name, { successes: 2, ...policy.breaker, ignored: sparesProvider, clock })
}

/** A request that is wrong in itself, a model that is not there, or a call that we did not make, says nothing about the provider's health. */
function sparesProvider(error: unknown): boolean {
  return (
    error instanceof ProviderFailure &&
    (error.blame !== 'link' || error.code === 'DIVERGED' || error.code === 'RESTING')
  )
}

/** A provider that let a time-out pass is not asked again at once: the next link is. */
function worthAnotherTry(error: unknown): boolean {
  return error instanceof ProviderFailure && error.retryable
}
