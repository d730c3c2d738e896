import { existsSync } from 'node:fs'
import { readUsage, type UsageAsked, type UsageTold, usageAsked } from '@holdfast/gateway/usage'
import { HoldfastError } from '@holdfast/policy'
import { ledgerFile, stateFolder } from './state-folder.ts'

export interface RecordedUsage extends UsageAsked, UsageTold {}

/**
 * What the clients of a file's Holdfast used, whether it runs or not; of one that runs, up to a second ago.
 *
 * Throws `BAD_QUESTION` for words that ask for nothing that there is, `NO_LEDGER` where there is neither that file nor a ledger, and `USAGE_UNREADABLE`.
 */
export function recordedUsage(
  file: string,
  words: Readonly<Record<string, string | undefined>>,
): RecordedUsage {
  const said = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined))
  const asked = usageAsked(said, Date.now())
  if (typeof asked === 'string')
    throw new HoldfastError(
      'BAD_QUESTION',
      `the usage cannot be told so: ${asked}`,
      'See `holdfast usage --help`.',
    )
  const ledger = ledgerFile(stateFolder(file))
  if (!existsSync(ledger) && !existsSync(file))
    throw new HoldfastError(
      'NO_LEDGER',
      `there is no ${file}, and no usage is written down beside it; name one with -f`,
      'name one with -f',
    )
  return { ...asked, ...readUsage(ledger, asked) }
}
