import type { Booking } from './account.ts'

/** What is told apart: one day (`2026-11-21`, UTC), one client, one link of one chain, and the model that it asks for. */
export const keys = ['day', 'client', 'chain', 'link', 'model'] as const

/** What is counted: whole numbers, all of which only grow. Money is in millionths of the currency. */
export const counts = [
  /** Answers that are the client's, and what they took. */
  'answers',
  'input',
  'output',
  'cached',
  'written',
  'micros',
  /** Attempts that were none, and what they took. */
  'wasted',
  'wastedInput',
  'wastedOutput',
  'wastedMicros',
  /** Those of both of which the provider did not say what they took. */
  'estimated',
  /** Those of both that had no price. */
  'unpriced',
] as const

export type UsageKey = Readonly<Record<(typeof keys)[number], string>>
export type UsageCounts = Record<(typeof counts)[number], number>
export interface UsageRow extends UsageKey, UsageCounts {}

/** Rows that are added to, by what they are told apart by. */
export class UsageRows {
  readonly #rows = new Map<string, UsageRow>()

  get size(): number {
    return this.#rows.size
  }

  [Symbol.iterator](): Iterator<UsageRow> {
    return this.#rows.values()
  }

  clear(): void {
    this.#rows.clear()
  }

  add(day: string, { client, chain, link, model, as, used, told, micros, priced }: Booking): void {
    const key = `${day}\n${client}\n${chain}\n${link}`
    const row = this.#rows.get(key) ?? { day, client, chain, link, model, ...nothing }
    this.#rows.set(key, row)
    if (as === 'answer') {
      row.answers++
      row.input += used.input
      row.output += used.output
      row.cached += used.cached
      row.written += used.written
      row.micros += micros
    } else {
      row.wasted++
      row.wastedInput += used.input
      row.wastedOutput += used.output
      row.wastedMicros += micros
    }
    if (!told) row.estimated++
    if (!priced) row.unpriced++
  }
}

const nothing = Object.fromEntries(counts.map((each) => [each, 0])) as UsageCounts
