import type { Allowance } from '../budget/account.ts'
import { type Budget, isBudget } from '../budget/budget.ts'
import { demand, OptionError, RejectedError, retryAfterOf } from '../errors.ts'
import { events, type GiveUpReason } from '../events.ts'
import { atOnce, demandClock, demandOptions } from '../options.ts'
import type { Run } from '../pipeline/run.ts'
import type { Stage } from '../pipeline/stage.ts'
import { type Clock, type Random, systemClock } from '../time/clock.ts'
import type { BackoffOptions } from './backoff.ts'
import { type RetryRules, rulesOf } from './retry-rules.ts'
import { isRetryable } from './retryable.ts'
import type { Waits } from './waits.ts'
import { withhold } from './withheld.ts'

/** How often, how patiently and for which failures to try again. */
export interface RetryOptions {
  /** In total, the first included: 3, or one more than a list given as `backoff` is long. */
  readonly attempts?: number | undefined
  readonly backoff?: Waits | undefined
  /** Limits the retries of all who share it. */
  readonly budget?: Budget | undefined
  /** Whether attempt number `attempt` (from 1), having failed with `error`, is worth another. */
  readonly when?: ((error: unknown, attempt: number) => boolean) | undefined
  readonly name?: string | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

/** Names of ready-made settings. */
export type RetryPreset = 'default' | 'transient' | 'slowService' | 'none'

/** Ready-made settings, to use by name or to spread: `retry({ ...retryPresets.transient, budget })`. */
export const retryPresets: Readonly<
  Record<RetryPreset, { readonly attempts: number; readonly backoff?: BackoffOptions }>
> = {
  default: { attempts: 3, backoff: { initial: 1_000, max: 10_000 } },
  transient: { attempts: 2, backoff: { initial: 500, max: 5_000 } },
  slowService: { attempts: 5, backoff: { initial: 2_000, max: 30_000 } },
  none: { attempts: 1 },
}

/**
 * Tries again what failed: by default three attempts, 1 to 10 s apart, with full jitter.
 *
 * An error's `retryAfter` (ms) lengthens the wait, and ends the retry if it is longer than `backoff.max` (10 s if the waits are a function or a list).
 * An interruption from outside ends it at once, and so does a wait that would not end before the deadline.
 * It fails with the last error of the work, as it is. By default it does not retry a refusal of our own (breaker open,
 * budget exhausted, deadline passed), nor a mistake in how Holdfast is called (`OptionError`, `UnknownNameError`, `ConflictError`), nor an error whose
 * `retryable` is `false`.
 */
export function retry(options: RetryOptions | RetryPreset = 'default'): Stage {
  const given: RetryOptions = typeof options === 'string' ? preset(options) : options
  demandOptions('retry', given, ['attempts', 'backoff', 'budget', 'when', 'name', 'clock', 'random'])
  const { budget, name = 'retry', clock = systemClock } = given
  demandClock('retry.clock', clock)
  demand(budget === undefined || isBudget(budget), 'retry.budget', budget, "a budget, as budget('ai') gives")
  demand(
    budget === undefined || budget.clock === clock,
    'retry.budget',
    'one on another clock',
    "on the retry's clock",
  )
  return new Retry(name, clock, budget, rulesOf(given))
}

/*
 * I1  What a call begins with its budget it ends once, and what it takes it releases once, whatever happens to the call.
 * I2  A call that was interrupted is not tried again.
 * I3  A call that succeeds at the first attempt makes no object.
 */
class Retry implements Stage {
  readonly name: string
  readonly clock: Clock
  readonly budget: Budget | undefined
  readonly #rules: RetryRules

  constructor(name: string, clock: Clock, budget: Budget | undefined, rules: RetryRules) {
    this.name = name
    this.clock = clock
    this.budget = budget
    this.#rules = rules
  }

  enter(run: Run, slot: number): undefined {
    run.memo[slot] = this.budget?.begin(run, run.memo[slot] !== undefined)
  }

  leave(run: Run, slot: number): { again: number } | undefined {
    const memo = run.memo[slot] as Allowance | Tries | undefined
    if (!run.failed) return end(memo, false)
    if (run.interruption !== undefined) return end(memo, blame(run, memo))
    const { when } = this.#rules
    if (run.refused && when === isRetryable) {
      end(memo, undefined)
      return this.#gaveUp(run, memo instanceof Tries ? memo.made + 1 : 1, 'not-retryable')
    }
    const tries = memo instanceof Tries ? memo : new Tries(memo, this.#rules.schedule.first)
    run.memo[slot] = tries
    tries.release()
    tries.made++
    let next: number | GiveUpReason | undefined
    try {
      next = this.#decide(run, tries)
      if (next === 'budget') this.#withheld(run, tries.allowance!)
    } finally {
      if (typeof next !== 'number') end(tries, blame(run, tries))
    }
    if (typeof next === 'number') return this.#again(run, tries, next)
    return this.#gaveUp(run, tries.made, next)
  }

  /** The ms to wait before the next attempt, or why there is none. */
  #decide(run: Run, tries: Tries): number | GiveUpReason {
    const { attempts, when, schedule } = this.#rules
    const { error, deadline } = run
    if (!atOnce('retry.when', when(error, tries.made))) return 'not-retryable'
    if (tries.made >= attempts) return 'attempts'
    const asked = retryAfterOf(error) ?? 0
    if (asked > schedule.longest) return 'retry-after'
    const delay = Math.max(asked, schedule.wait(tries.made - 1, tries.waited, error))
    if (deadline !== Infinity && run.clock.now() + delay >= deadline) return 'deadline'
    return tries.withdraw(blame(run, tries) === true) ? delay : 'budget'
  }

  #again(run: Run, tries: Tries, delay: number): { again: number } {
    tries.waited = delay
    tries.reached = run.attempt
    if (events.heard) {
      const { name } = this
      events.emit({ type: 'retry.waited', policy: name, attempt: tries.made, delay, error: run.error })
    }
    return { again: delay }
  }

  #withheld(run: Run, allowance: Allowance): void {
    withhold({ budget: this.budget!, allowance, operation: run.options?.operation }, run.error)
  }

  #gaveUp(run: Run, attempts: number, reason: GiveUpReason): undefined {
    if (events.heard)
      events.emit({ type: 'retry.gave-up', policy: this.name, attempts, reason, error: run.error })
  }
}

/** How far a call has come that has failed at least once. */
class Tries {
  readonly allowance: Allowance | undefined
  /** Attempts that have ended. */
  made = 0
  /** The wait before the last of them. */
  waited: number
  /** How often the call had reached the work when it last began to wait. */
  reached = 0
  #withdrawn = false

  constructor(allowance: Allowance | undefined, waited: number) {
    this.allowance = allowance
    this.waited = waited
  }

  withdraw(failed: boolean): boolean {
    this.#withdrawn = this.allowance?.withdraw('retry', failed) ?? true
    return this.#withdrawn
  }

  release(): void {
    if (this.#withdrawn) this.allowance?.release()
    this.#withdrawn = false
  }
}

function end(memo: Allowance | Tries | undefined, failed: boolean | undefined): undefined {
  if (memo instanceof Tries) {
    memo.release()
    memo.allowance?.end(failed)
  } else memo?.end(failed)
}

/** Whether who was called failed; nothing, if the call did not get that far or its caller left. */
function blame(run: Run, memo: Allowance | Tries | undefined): true | undefined {
  if (run.attempt === (memo instanceof Tries ? memo.reached : 0)) return undefined
  if (run.interruption !== undefined) return run.interruption.is === 'abort' ? undefined : true
  return run.error instanceof RejectedError ? undefined : true
}

function preset(name: RetryPreset): RetryOptions {
  if (Object.hasOwn(retryPresets, name)) return retryPresets[name]
  const names = Object.keys(retryPresets).map((each) => `'${each}'`)
  throw new OptionError('retry: preset', name, names.join(', '))
}
