import { relative, resolve } from 'node:path'
import { type ControlClient, ControlError, connectControl, controlPath } from '@holdfast/governor'
import type { AnnouncedProcess, Named, ProcessPolicies } from './announced.ts'
import type { LogLevelChange, LogLevels } from './log-levels.ts'
import { stateFolder } from './state-folder.ts'
import type { Status } from './status.ts'

/** Asks the Holdfast that runs a file how it is. Rejects with `NOT_RUNNING` where none does, and with `TIMEOUT` where it hangs; so does whatever else is asked here. */
export async function runningStatus(file: string): Promise<Status> {
  return (await ask(file, 'status')) as Status
}

/** The named policies of all processes of the Holdfast that runs a file. Rejects with `NOT_RUNNING` where none does. */
export async function runningPolicies(file: string): Promise<ProcessPolicies[]> {
  return (await ask(file, 'policies')) as ProcessPolicies[]
}

/** Resets or isolates by name in the Holdfast that runs a file; answers with the processes that had it. */
export async function steer(
  file: string,
  act: 'reset' | 'isolate',
  named: Named,
): Promise<AnnouncedProcess[]> {
  return (await ask(file, act, named)) as AnnouncedProcess[]
}

/** How much the Holdfast that runs a file tells. Rejects with `NOT_RUNNING` where none does. */
export async function runningLogLevels(file: string): Promise<LogLevels> {
  return (await ask(file, 'log-level')) as LogLevels
}

/** Changes it, and answers with all that holds from now on. Rejects with `BAD_LOG_LEVEL` and `UNKNOWN_SERVICE`, too. */
export async function changeLogLevel(file: string, change: LogLevelChange): Promise<LogLevels> {
  return (await ask(file, 'set-log-level', change)) as LogLevels
}

/** More than the governor waits for other processes, and less than people wait; ms. */
const patience = 5_000

async function ask(file: string, what: string, input?: unknown): Promise<unknown> {
  using governor = await connected(file)
  return await governor.call(what, input, { timeout: patience }).catch((error: unknown) => {
    if (!(error instanceof ControlError) || error.code !== 'TIMEOUT') throw error
    const hint =
      'see what that process does: stopped (state T), `kill -CONT` lets it go on; its gateway may answer meanwhile'
    const message = `the governor, the process of \`holdfast up -f ${shownAs(file)}\`, runs and has not answered for ${patience / 1_000} s; ${hint}`
    throw new ControlError(error.code, message, hint, { cause: error })
  })
}

/** A file as its user would type it. */
function shownAs(file: string): string {
  return relative(process.cwd(), resolve(file))
}

async function connected(file: string): Promise<ControlClient> {
  const path = controlPath(stateFolder(file))
  return connectControl(path).catch((error: unknown) => {
    if (!(error instanceof ControlError) || error.code !== 'NOT_RUNNING') throw error
    const shown = shownAs(file)
    const hint = `start it with \`holdfast up -f ${shown}\``
    throw new ControlError(error.code, `nothing runs ${shown}: ${error.message}; ${hint}`, hint, {
      cause: error,
    })
  })
}
