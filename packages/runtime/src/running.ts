import { relative, resolve } from 'node:path'
import { type ControlClient, ControlError, connectControl, controlPath } from '@holdfast/governor'
import type { AnnouncedProcess, Named, ProcessPolicies } from './announced.ts'
import type { LogLevelChange, LogLevels } from './log-levels.ts'
import { stateFolder } from './state-folder.ts'
import type { Status } from './status.ts'

/** Asks the Holdfast that runs a file how it is. Rejects with `NOT_RUNNING` where none does. */
export async function runningStatus(file: string): Promise<Status> {
  using governor = await connected(file)
  return (await governor.call('status')) as Status
}

/** The named policies of all processes of the Holdfast that runs a file. Rejects with `NOT_RUNNING` where none does. */
export async function runningPolicies(file: string): Promise<ProcessPolicies[]> {
  using governor = await connected(file)
  return (await governor.call('policies')) as ProcessPolicies[]
}

/** Resets or isolates by name in the Holdfast that runs a file; answers with the processes that had it. */
export async function steer(
  file: string,
  act: 'reset' | 'isolate',
  named: Named,
): Promise<AnnouncedProcess[]> {
  using governor = await connected(file)
  return (await governor.call(act, named)) as AnnouncedProcess[]
}

/** How much the Holdfast that runs a file tells. Rejects with `NOT_RUNNING` where none does. */
export async function runningLogLevels(file: string): Promise<LogLevels> {
  using governor = await connected(file)
  return (await governor.call('log-level')) as LogLevels
}

/** Changes it, and answers with all that holds from now on. Rejects with `BAD_LOG_LEVEL` and `UNKNOWN_SERVICE`, too. */
export async function changeLogLevel(file: string, change: LogLevelChange): Promise<LogLevels> {
  using governor = await connected(file)
  return (await governor.call('set-log-level', change)) as LogLevels
}

async function connected(file: string): Promise<ControlClient> {
  const path = controlPath(stateFolder(file))
  return connectControl(path).catch((error: unknown) => {
    if (!(error instanceof ControlError) || error.code !== 'NOT_RUNNING') throw error
    const shown = relative(process.cwd(), resolve(file))
    const hint = `start it with \`holdfast up -f ${shown}\``
    throw new ControlError(error.code, `nothing runs ${shown}: ${error.message}; ${hint}`, hint, {
      cause: error,
    })
  })
}
