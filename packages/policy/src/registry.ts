import type { Breaker, BreakerStatus } from './breaker.ts'
import type { Budget, BudgetStatus } from './budget.ts'
import { BreakerConflictError, BudgetConflictError, type ConflictError } from './errors.ts'

/** Things of one kind in this process, by name. */
interface Registry<T> {
  /** The one of that name, made if it is new; a conflict if it is not and `settings` differ from its own. */
  claim<S extends object>(
    name: string,
    settings: S | undefined,
    make: (settings: S | undefined) => T & { settings: S },
  ): T
  all(): T[]
  forget(name: string): boolean
}

function registry<T>(
  conflict: (name: string, existing: string, asked: string) => ConflictError,
): Registry<T> {
  const known = new Map<string, T & { settings: object }>()
  return {
    claim(name, settings, make) {
      const existing = known.get(name)
      if (existing === undefined) {
        const made = make(settings)
        known.set(name, made)
        return made
      }
      const differing = settings === undefined ? [] : differences(existing.settings, settings)
      if (differing.length === 0) return existing
      throw conflict(name, show(existing.settings, differing), show(settings!, differing))
    },
    all: () => [...known.values()],
    forget: (name) => known.delete(name),
  }
}

/** The process's named breakers and budgets. */
export const named = {
  breaker: registry<Breaker>(
    (name, existing, asked) => new BreakerConflictError('breaker', name, existing, asked),
  ),
  budget: registry<Budget>(
    (name, existing, asked) => new BudgetConflictError('budget', name, existing, asked),
  ),
}

/** The status of every named breaker, in the order they were made. */
export function breakers(): BreakerStatus[] {
  return named.breaker.all().map((each) => each.status())
}

/** The status of every named budget, in the order they were made. */
export function budgets(): BudgetStatus[] {
  return named.budget.all().map((each) => each.status())
}

/** Forgets the breaker and the budget of that name; who holds them keeps them. Answers whether there was one. */
export function forget(name: string): boolean {
  const breaker = named.breaker.forget(name)
  return named.budget.forget(name) || breaker
}

function differences(existing: object, asked: object): string[] {
  return Object.keys(asked).filter((key) => Reflect.get(existing, key) !== Reflect.get(asked, key))
}

function show(settings: object, keys: string[]): string {
  return keys.map((key) => `${key}: ${describe(Reflect.get(settings, key))}`).join(', ')
}

function describe(value: unknown): string {
  if (typeof value === 'function') return value.name || 'a function'
  return typeof value === 'object' ? 'another' : String(value)
}
