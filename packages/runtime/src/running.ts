import type { AnnouncedProcess, Named, ProcessPolicies } from './announced.ts'
import type { LogLevelChange, LogLevels } from './log-levels.ts'
import { patience, withGovernor } from './running-governor.ts'
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

async function ask(file: string, what: string, input?: unknown): Promise<unknown> {
  return withGovernor(file, (governor) => governor.call(what, input, { timeout: patience }))
}
