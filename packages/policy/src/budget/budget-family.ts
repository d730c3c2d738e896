import { demand } from '../errors.ts'
import { isNumber } from '../options.ts'
import type { Clock } from '../time/clock.ts'
import type { Account } from './account.ts'

/** How a budget counts: a description without state, which any number of budgets can share. */
export interface BudgetFamily {
  readonly kind: 'expiring' | 'in-flight' | 'tokens'
  /** What it was made with, every default filled in. */
  readonly settings: Readonly<Record<string, number>>
  /** The counts of one budget, or of one operation. */
  open(clock: Clock): Account
}

/** Throws an `OptionError` unless `value` is a number of 0 or more. */
export function demandAtLeastNothing(option: string, value: number): void {
  demand(isNumber(value) && value >= 0 && value < Infinity, option, value, 'a number, at least 0')
}
