import { recordedUsage } from '@holdfast/runtime'
import { coloured, paint } from './paint.ts'
import { usageTable } from './usage-table.ts'

interface UsageFlags {
  readonly file: string
  readonly by?: string
  readonly from?: string
  readonly to?: string
  readonly client?: string
  readonly json?: true
}

/** `holdfast usage`: who used how much, and what it cost, whether it runs or not. */
export function usage({ file, json, by, from, to, client }: UsageFlags): void {
  const told = recordedUsage(file, { by, from, to, client })
  const lines = json
    ? [JSON.stringify(told, null, 2)]
    : usageTable(told, paint(coloured(process.stdout, process.env)))
  process.stdout.write(`${lines.join('\n')}\n`)
}
