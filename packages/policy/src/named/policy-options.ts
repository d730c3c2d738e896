import { breaker } from '../breaker/breaker.ts'
import type { BreakerOptions } from '../breaker/breaker-options.ts'
import { budget } from '../budget/budget.ts'
import { demand } from '../errors.ts'
import { type BulkheadOptions, bulkhead } from '../limits/bulkhead.ts'
import { demandOptions } from '../options.ts'
import type { Stage } from '../pipeline/stage.ts'
import { type RetryOptions, retry } from '../retry/retry.ts'
import { timeout } from '../time/timeout.ts'
import { claim, forget, type Kind } from './registry.ts'

/** A policy as plain data, as `preset` gives it and a file can say it; what is left out is not there. */
export interface PolicyOptions {
  readonly retry?: Pick<RetryOptions, 'attempts' | 'backoff' | 'when'> | undefined
  /** The name of the budget that its retries share; by default the policy's own. */
  readonly budget?: string | undefined
  readonly breaker?: BreakerOptions | undefined
  readonly bulkhead?: BulkheadOptions | undefined
  /** For each attempt, in ms. */
  readonly timeout?: number | undefined
  /** Whom the calls go to: the name of the breaker and of the bulkhead; by default the policy's own. */
  readonly to?: string | undefined
}

const names: readonly (keyof PolicyOptions)[] = ['retry', 'budget', 'breaker', 'bulkhead', 'timeout', 'to']

/**
 * The policies that such data means, outermost first: the retry, and inside it, for each attempt, breaker, bulkhead, timeout.
 *
 * When one of them cannot be made, none of the others' names is taken.
 * So the breaker sees each attempt, and a call that waits between two holds no place in the bulkhead; nor does it lose time in the queue.
 */
export function policiesOf(name: string, options: PolicyOptions): Stage[] {
  demandOptions('policy', options, names)
  const free = namesFor(name, options).filter(([kind, each]) => isFree(kind, each))
  try {
    return made(name, options)
  } catch (error) {
    for (const [kind, each] of free) forget(each, kind)
    throw error
  }
}

function made(name: string, options: PolicyOptions): Stage[] {
  const { to = name } = options
  const stages = [
    options.retry && retry({ ...options.retry, budget: budget(options.budget ?? name) }),
    options.breaker && breaker(to, options.breaker),
    options.bulkhead && bulkhead(to, options.bulkhead),
    options.timeout !== undefined && timeout(options.timeout),
  ].filter((stage) => typeof stage === 'object')
  demand(stages.length > 0, 'policy: options', options, 'at least one of retry, breaker, bulkhead, timeout')
  return stages
}

/** The names that such a policy takes for what is inside it. */
function namesFor(name: string, { budget, to = name }: PolicyOptions): (readonly [Kind, string])[] {
  return [
    ['budget', budget ?? name],
    ['breaker', to],
    ['bulkhead', to],
  ]
}

const nobody = {}

function isFree(kind: Kind, name: string): boolean {
  try {
    claim(kind, name, undefined, () => {
      throw nobody
    })
    return false
  } catch (thrown) {
    return thrown === nobody
  }
}
