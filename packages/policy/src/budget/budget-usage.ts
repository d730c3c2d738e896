/** What every budget counts: in its window, or, if it has none, since it was made or reset. */
interface Counts {
  readonly calls: number
  readonly retries: number
  readonly hedges: number
  /** Retries and hedges that were wanted and not to be had. */
  readonly refused: number
  /** Retries and hedges that it allows: in its window, at one time, or (tokens) still, if each of them fails. */
  readonly allowed: number
}

/** What a budget has seen, and what it allows; `window` is in ms, `inFlight` and `extra` are calls, and retries and hedges, not yet ended. */
export type BudgetUsage =
  | (Counts & { readonly family: 'expiring'; readonly window: number })
  | (Counts & { readonly family: 'in-flight'; readonly inFlight: number; readonly extra: number })
  | (Counts & { readonly family: 'tokens'; readonly tokens: number; readonly maxTokens: number })

/** What a budget speaks of that has also allowed hedges, or has not. */
export function extras(hedges: number): string {
  return hedges > 0 ? 'retries and hedges' : 'retries'
}

/** All of them in one: everything is added up, except the window, which they share. `first` tells the family. */
export function total(first: BudgetUsage, others: readonly BudgetUsage[]): BudgetUsage {
  return others.reduce(
    (sum, other) => each(sum, (name, value) => value + (Reflect.get(other, name) as number)),
    first,
  )
}

/** A usage of that family and window, with nothing in it. */
export function nothing(usage: BudgetUsage): BudgetUsage {
  return each(usage, () => 0)
}

function each(usage: BudgetUsage, change: (name: string, value: number) => number): BudgetUsage {
  const entries = Object.entries(usage).map(([name, value]) => [
    name,
    typeof value === 'number' && name !== 'window' ? change(name, value) : value,
  ])
  return Object.fromEntries(entries)
}
