import { relative, resolve } from 'node:path'
import {
  type ControlClient,
  type ControlClientOptions,
  ControlError,
  connectControl,
  controlPath,
} from '@holdfast/governor'
import { stateFolder } from './state-folder.ts'

/** More than the governor waits for other processes, and less than people wait; ms. */
export const patience = 5_000

/**
 * Talks to the governor of the Holdfast that runs a file, for as long as `talk` takes.
 *
 * Rejects with `NOT_RUNNING` where none does, with `TIMEOUT` where it hangs, and with what `talk` rejects with.
 */
export async function withGovernor<T>(
  file: string,
  talk: (governor: ControlClient) => Promise<T>,
  options: ControlClientOptions = {},
): Promise<T> {
  using governor = await connected(file, options)
  return await talk(governor).catch((error: unknown) => {
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

async function connected(file: string, options: ControlClientOptions): Promise<ControlClient> {
  const path = controlPath(stateFolder(file))
  return connectControl(path, options).catch((error: unknown) => {
    if (!(error instanceof ControlError) || error.code !== 'NOT_RUNNING') throw error
    const shown = shownAs(file)
    const hint = `start it with \`holdfast up -f ${shown}\``
    throw new ControlError(error.code, `nothing runs ${shown}: ${error.message}; ${hint}`, hint, {
      cause: error,
    })
  })
}
