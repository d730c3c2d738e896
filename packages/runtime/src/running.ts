import { relative, resolve } from 'node:path'
import { ControlError, connectControl, controlPath } from '@holdfast/governor'
import { stateFolder } from './state-folder.ts'
import type { Status } from './status.ts'

/** Asks the Holdfast that runs a file how it is. Rejects with `NOT_RUNNING` where none does. */
export async function runningStatus(file: string): Promise<Status> {
  const path = controlPath(stateFolder(file))
  using governor = await connectControl(path).catch((error: unknown) => {
    if (!(error instanceof ControlError) || error.code !== 'NOT_RUNNING') throw error
    const shown = relative(process.cwd(), resolve(file))
    const hint = `start it with \`holdfast up -f ${shown}\``
    throw new ControlError(error.code, `nothing runs ${shown}: ${error.message}; ${hint}`, hint, {
      cause: error,
    })
  })
  return (await governor.call('status')) as Status
}
