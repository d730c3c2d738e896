import { type Backoff, type BackoffOptions, backoff } from './backoff.ts'
import type { Budget } from './budget.ts'
import { type Clock, type Random, systemClock } from './clock.ts'
import { BudgetError, DeadlineError, demand, OptionError, RejectedError, retryAfterOf } from './errors.ts'
import { events, type GiveUpReason } from './events.ts'
import type { Run } from './run.ts'
import type { Stage } from './stage.ts'

/** How often, how patiently and for which failures to try again. */
export interface RetryOptions {
  /** In total, the first included. */
  readonly attempts?: number
  readonly backoff?: BackoffOptions
  /** Limits the retries of all who share it. */
  readonly budget?: Budget
  /** Whether attempt number `attempt` (from 1), having failed with `error`, is worth another. */
  readonly when?: (error: unknown, attempt: number) => boolean
  readonly name?: string
  readonly clock?: Clock
  readonly random?: Random
}

/** Names of ready-made settings. */
export type RetryPreset = 'default' | 'transient' | 'slowService' | 'none'

/** Ready-made settings, to use by name or to spread: `retry({ ...retryPresets.transient, budget })`. */
export const retryPresets: Readonly<Record<RetryPreset, Pick<RetryOptions, 'attempts' | 'backoff'>>> = {
  default: { attempts: 3, backoff: { initial: 1_000, max: 10_000 } },
  transient: { attempts: 2, backoff: { initial: 500, max: 5_000 } },
  slowService: { attempts: 5, backoff: { initial: 2_000, max: 30_000 } },
  none: { attempts: 1 },
}

/**
 * Tries again what failed: by default three attempts, 1 to 10 s apart, with full jitter.
 *
 * An error's `retryAfter` (ms) lengthens the wait, and ends the retry if it is longer than `backoff.max`. An interruption
 * from outside ends it at once, and so does a wait that would not end before the deadline.
 * It fails with the last error of the work, as it is. By default it does not retry a refusal of our own (breaker open,
 * budget exhausted, deadline passed), nor an error whose `retryable` is `false`.
 */
export function retry(options: RetryOptions | RetryPreset = 'default'): Stage {
  const given = typeof options === 'string' ? preset(options) : options
  const {
    attempts = 3,
    budget,
    when = isRetryable,
    name = 'retry',
    clock = systemClock,
    random = Math.random,
  } = given
  demand(
    attempts >= 1 && (Number.isInteger(attempts) || attempts === Infinity),
    'retry.attempts',
    attempts,
    'a whole number from 1',
  )
  demand(
    budget === undefined || budget.clock === clock,
    'retry.budget',
    'one on another clock',
    "on the retry's clock",
  )
  const waits = { initial: 1_000, max: 10_000, factor: 2, jitter: 'full' as const, ...given.backoff }
  const rules: Rules = { attempts, budget, when, wait: backoff(waits, random), longest: waits.max }
  return {
    name,
    clock,
    enter(run, slot) {
      run.memo[slot] = undefined
      if (run.attempt === 0) budget?.deposit()
      return undefined
    },
    leave(run, slot) {
      if (!run.failed || run.interruption !== undefined) return undefined
      const { error } = run
      const tries = (run.memo[slot] as Tries | undefined) ?? { made: 0, waited: waits.initial }
      run.memo[slot] = tries
      tries.made++
      const next = decide(rules, tries, run)
      if (typeof next === 'string') {
        if (next === 'budget') exhausted(rules.budget!, error)
        if (events.heard)
          events.emit({ type: 'retry.gave-up', policy: name, attempts: tries.made, reason: next, error })
        return undefined
      }
      tries.waited = next
      if (events.heard)
        events.emit({ type: 'retry.waited', policy: name, attempt: tries.made, delay: next, error })
      return { again: next }
    },
  }
}

interface Rules {
  readonly attempts: number
  readonly budget: Budget | undefined
  readonly when: (error: unknown, attempt: number) => boolean
  readonly wait: Backoff
  readonly longest: number
}

/** How many attempts this call has made here, and how long it waited before the last. */
interface Tries {
  made: number
  waited: number
}

/** The ms to wait before the next attempt, or why there is none. */
function decide(rules: Rules, tries: Tries, { error, clock, deadline }: Run): number | GiveUpReason {
  if (!rules.when(error, tries.made)) return 'not-retryable'
  if (tries.made >= rules.attempts) return 'attempts'
  const asked = retryAfterOf(error) ?? 0
  if (asked > rules.longest) return 'retry-after'
  const delay = Math.max(asked, rules.wait(tries.made - 1, tries.waited))
  if (deadline !== Infinity && clock.now() + delay >= deadline) return 'deadline'
  return rules.budget === undefined || rules.budget.withdraw() ? delay : 'budget'
}

function isRetryable(error: unknown): boolean {
  if (error instanceof RejectedError || error instanceof BudgetError || error instanceof DeadlineError)
    return false
  return (error as { retryable?: unknown } | null | undefined)?.retryable !== false
}

function preset(name: RetryPreset): RetryOptions {
  if (Object.hasOwn(retryPresets, name)) return retryPresets[name]
  const names = Object.keys(retryPresets).map((each) => `'${each}'`)
  throw new OptionError('retry: preset', name, names.join(', '))
}

const withheld = new WeakMap<object, BudgetError>()

/** The `BudgetError` that kept a retry from trying again, given the work's error that came out in the end. */
export function budgetErrorOf(error: unknown): BudgetError | undefined {
  return typeof error === 'object' && error !== null ? withheld.get(error) : undefined
}

function exhausted(budget: Budget, error: unknown): void {
  const reason = new BudgetError(budget.name, budget.status())
  if (typeof error === 'object' && error !== null) withheld.set(error, reason)
  if (events.heard) events.emit({ type: 'budget.exhausted', policy: budget.name, error: reason })
}
