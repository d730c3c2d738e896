import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'

export interface ListenPidAbout {
  readonly cwd: string | undefined
  readonly env: NodeJS.ProcessEnv
}

/**
 * A command that runs another with `LISTEN_PID` set to its own process id, as sd_listen_fds(3) wants it.
 *
 * The id is known only once there is a process, so a shell sets it and becomes the program: the process is the same. What
 * cannot be run is answered unchanged, so that the system itself says why; so is one with a variable whose name no shell
 * would hand on, which then goes without `LISTEN_PID`.
 */
export const withListenPid = (
  command: readonly string[],
  { cwd, env }: ListenPidAbout,
): readonly string[] => {
  const [program = ''] = command
  if (!Object.keys(env).every((name) => /^[A-Za-z_]\w*$/.test(name))) return command
  const paths = program.includes('/')
    ? [program]
    : (env['PATH'] ?? '').split(delimiter).map((folder) => `${folder || '.'}/${program}`)
  if (!paths.some((path) => isProgram(resolve(cwd ?? '.', path)))) return command
  return ['/bin/sh', '-c', 'export LISTEN_PID=$$; exec "$@"', 'holdfast-listen-pid', ...command]
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
