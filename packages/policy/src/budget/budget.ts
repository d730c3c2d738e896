import { Keyed } from '../named/keyed.ts'
import { claim } from '../named/registry.ts'
import type { Run } from '../pipeline/run.ts'
import type { Clock } from '../time/clock.ts'
import type { Account, Allowance } from './account.ts'
import type { BudgetFamily } from './budget-family.ts'
import { type BudgetOptions, type BudgetSettings, type Settled, settle } from './budget-settings.ts'
import { type BudgetUsage, nothing, total } from './budget-usage.ts'
import { Visit, Within } from './visit.ts'

/** What a budget has seen and allows, in all and, if it counts them apart, by operation (`''` for calls without one). */
export type BudgetStatus = BudgetUsage & {
  readonly name: string
  readonly operations?: Readonly<Record<string, BudgetUsage>>
}

/** Limits retries and hedges to a share of the calls, over all who share it. */
export interface Budget {
  readonly name: string
  readonly clock: Clock
  readonly settings: BudgetSettings
  /**
   * A call begins; what is answered must be ended once, whatever happens to the call.
   *
   * A call that is inside the budget already, in this pipeline or in one further out, is not counted again. `again`: it has left this very place
   * before, and was brought back by someone further out.
   */
  begin(run: Run, again?: boolean): Allowance
  status(): BudgetStatus
  /** Forgets what it has counted, but not what is in flight. */
  reset(): void
}

/** Operations that are counted apart. */
const MOST = 100

/**
 * Limits what retries and hedges may add to the calls there are.
 *
 * By default it allows 20 % of the calls of the last 10 s, and 10 a second in any case; there are two other families, `inFlight()` and `retryTokens()`.
 * One budget may be given to any number of retries and hedges. Without a name it is the caller's own; with one it is the same everywhere in the process.
 * Throws `ConflictError` if the name exists with other options.
 */
export function budget(name: string, options?: BudgetOptions): Budget
export function budget(options?: BudgetOptions): Budget
export function budget(first: string | BudgetOptions = {}, options?: BudgetOptions): Budget {
  if (typeof first !== 'string') return new SharedBudget('budget', settle(first))
  const settled = options === undefined ? undefined : settle(options)
  return claim('budget', first, settled?.settings, () => new SharedBudget(first, settled ?? settle({})))
}

/** Whether it is what `budget` gives. */
export function isBudget(value: unknown): value is Budget {
  return typeof (value as Partial<Budget> | null)?.begin === 'function'
}

/*
 * I1  A call is counted once, however many retries and hedges with this budget it passes, and however often one further out brings it back.
 * I2  What a call has begun with, it ends with: an account that gave its place to another operation's goes on until its calls have ended.
 */
class SharedBudget implements Budget {
  readonly name: string
  readonly settings: BudgetSettings
  readonly #family: BudgetFamily
  readonly #accounts: Account | Keyed<Account>
  /** The calls that met it further in than their own pipeline. */
  #visits: WeakMap<object, Visit> | undefined = undefined

  constructor(name: string, { settings, family }: Settled) {
    this.name = name
    this.settings = settings
    this.#family = family
    const open = () => family.open(settings.clock)
    this.#accounts = settings.perOperation ? new Keyed(MOST, open) : open()
  }

  get clock(): Clock {
    return this.settings.clock
  }

  begin(run: Run, again = false): Allowance {
    const accounts = this.#accounts
    const account = accounts instanceof Keyed ? accounts.get(run.options?.operation ?? '') : accounts
    const root = run.root as Run
    if (root.slot > 0 && this.#holds(root, root.slot)) return new Within(account)
    if (root !== run || run.plan.stages.length === 0) return this.#visit(root, account).enter()
    account.begin(again)
    return account
  }

  status(): BudgetStatus {
    const { name } = this
    const accounts = this.#accounts
    if (!(accounts instanceof Keyed)) return { name, ...accounts.usage() }
    const operations = Object.fromEntries([...accounts.entries()].map(([key, each]) => [key, each.usage()]))
    const none = nothing(this.#family.open(this.clock).usage())
    return { name, ...total(none, Object.values(operations)), operations }
  }

  reset(): void {
    if (!(this.#accounts instanceof Keyed)) return this.#accounts.reset()
    for (const [, account] of this.#accounts.entries()) account.reset()
  }

  #visit(root: Run, account: Account): Visit {
    this.#visits ??= new WeakMap()
    let visit = this.#visits.get(root)
    if (visit === undefined) {
      visit = new Visit(account, this.#holds(root, root.memo.length))
      this.#visits.set(root, visit)
    }
    return visit
  }

  /** Whether the call has been counted by one of the first `slots` stages of its own pipeline. */
  #holds({ plan, memo }: Run, slots: number): boolean {
    for (let slot = 0; slot < slots; slot++) {
      const { budget } = plan.stages[slot] as { readonly budget?: unknown }
      if (budget === this && memo[slot] !== undefined) return true
    }
    return false
  }
}
