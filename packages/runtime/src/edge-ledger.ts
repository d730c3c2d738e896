import { Ledger, type LedgerEvent } from '@holdfast/gateway/usage'
import { ledgerFile } from './state-folder.ts'

export interface EdgeLedgerOptions {
  /** Where a Holdfast keeps its state. */
  readonly state: string
  /** What is more urgent than to look for what a process left that died. */
  readonly after: Promise<unknown>
  readonly say: (message: string) => void
}

/** The ledger of one process of the edge, in the file that all of them write. */
export function edgeLedger({ state, after, say }: EdgeLedgerOptions): Ledger {
  const ledger = new Ledger({ file: ledgerFile(state), on: (event) => say(worded(event)) })
  void after.then(() => ledger.flush())
  return ledger
}

function worded(event: LedgerEvent): string {
  switch (event.type) {
    case 'ledger.failing':
      return `the usage ledger ${event.file} cannot be written (${event.why}): it is kept in memory until it can, and would be lost with this process`
    case 'ledger.recovered':
      return `the usage ledger ${event.file} is written again, and nothing of it was lost`
    case 'ledger.set-aside':
      return `the usage ledger ${event.file} cannot be used (${event.why}): it stands at ${event.aside} now, and another was begun; what clients spent before does not count any more`
  }
}
