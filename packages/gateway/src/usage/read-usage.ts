import { existsSync } from 'node:fs'
import { HoldfastError } from '@holdfast/policy'
import { sqlite, sqliteCode } from './sqlite.ts'
import { counts, type keys, type UsageCounts } from './usage-row.ts'

/** What of the ledger is asked for. Days are `2026-11-21`, UTC, and both are part of it. */
export interface UsageAsked {
  /** What is told apart; nothing gives one sum. */
  readonly by: readonly (typeof keys)[number][]
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Of this client alone. */
  readonly client?: string | undefined
}

/** What was used, and what it cost in the currency of the prices; with the keys that were asked for. */
export interface UsageSum extends Readonly<Partial<Record<(typeof keys)[number], string>>> {
  readonly answers: number
  /** Tokens; `cached` and `written` are parts of `input`. */
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly written: number
  readonly cost: number
  /** What was paid for, or will be, and gave nobody an answer. */
  readonly wasted: {
    readonly attempts: number
    readonly input: number
    readonly output: number
    readonly cost: number
  }
  /** How many of the answers and the wasted attempts are estimated. */
  readonly estimated: number
  /** Whether everything in it had a price; what had none is in `cost` with 0. */
  readonly priced: boolean
}

export interface UsageTold {
  readonly rows: readonly UsageSum[]
}

/** Sums up what is written, in the order of the keys; nothing, where nothing was ever written, be there a file or not. Throws `USAGE_UNREADABLE`. */
export function readUsage(file: string, { by, from = '', to = '~', client }: UsageAsked): UsageTold {
  if (!existsSync(file)) return { rows: [] }
  const told = by.length > 0 ? `${by.join(', ')},` : ''
  try {
    const { DatabaseSync } = sqlite()
    const db = new DatabaseSync(file, { readOnly: true, timeout: patience })
    try {
      if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'usage'").get()) return { rows: [] }
      const rows = db
        .prepare(
          `SELECT ${told} ${counts.map((each) => `TOTAL(${each}) AS ${each}`).join(', ')} FROM usage
            WHERE day >= ? AND day <= ? ${client === undefined ? '' : 'AND client = ?'}
            ${by.length > 0 ? `GROUP BY ${by.join(', ')} ORDER BY ${by.join(', ')}` : 'HAVING COUNT(*) > 0'}`,
        )
        .all(from, to, ...(client === undefined ? [] : [client]))
      return { rows: rows.map((row) => usageSum(row, by)) }
    } finally {
      db.close()
    }
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error
    throw new HoldfastError(
      'USAGE_UNREADABLE',
      `the usage ledger ${file} cannot be read: ${(error as Error).message}`,
      'Start Holdfast with this file, which sets a broken ledger aside, or try again in a moment.',
    )
  }
}

/** How long a reader waits for a writer, in ms. */
const patience = 500

function usageSum(row: Record<string, unknown>, by: UsageAsked['by']): UsageSum {
  const of = row as UsageCounts
  return {
    ...Object.fromEntries(by.map((key) => [key, String(row[key])])),
    answers: of.answers,
    input: of.input,
    output: of.output,
    cached: of.cached,
    written: of.written,
    cost: of.micros / 1_000_000,
    wasted: {
      attempts: of.wasted,
      input: of.wastedInput,
      output: of.wastedOutput,
      cost: of.wastedMicros / 1_000_000,
    },
    estimated: of.estimated,
    priced: of.unpriced === 0,
  }
}
