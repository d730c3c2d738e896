import type { DatabaseSync } from 'node:sqlite'

type Sqlite = typeof import('node:sqlite')

/**
 * `node:sqlite`, at the first call, so that nobody pays for it who keeps no ledger. Node 22 says of it that it is experimental, which no user of the
 * ledger can do anything about: that alone is not printed.
 */
export function sqlite(): Sqlite {
  const { emitWarning } = process
  const quieter = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes('SQLite')) Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  process.emitWarning = quieter as typeof emitWarning
  try {
    const found: Sqlite | undefined = process.getBuiltinModule('node:sqlite')
    if (found) return found
    throw new Error(`Node ${process.version} has no SQLite: 22.13 or later has`)
  } finally {
    process.emitWarning = emitWarning
  }
}

export type { DatabaseSync }

/** SQLite's own code of an error (https://www.sqlite.org/rescode.html); `undefined` for any other. */
export function sqliteCode(error: unknown): number | undefined {
  const { errcode } = Object(error) as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

export const codes = { busy: 5, corrupt: 11, notDatabase: 26 } as const
