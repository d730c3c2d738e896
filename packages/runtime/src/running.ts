import { connectControl, controlPath } from '@holdfast/governor'
import type { Status } from './status.ts'
import { stateFolder } from './up.ts'

/** Asks the Holdfast that runs a file how it is. Rejects with `NOT_RUNNING` where none does. */
export async function runningStatus(file: string): Promise<Status> {
  const governor = await connectControl(controlPath(stateFolder(file)))
  try {
    return (await governor.call('status')) as Status
  } finally {
    governor.close()
  }
}
