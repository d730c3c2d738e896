import { execFileSync } from 'node:child_process'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { GovernorError } from '../governor-error.ts'
import { envFile } from './env-file.ts'

/** What a service finds when it is started. Paths are taken from the folder of this process. */
export interface RuntimeEnvironment {
  /** The folder of a Python virtual environment: `python` is then its Python, and its programs come first. */
  readonly venv?: string
  /** A Node program: `node` is then this one. */
  readonly node?: string
  /** A `.env` file, read anew for every start; `env` of the service has the last word. */
  readonly envFile?: string
  /** Whom it runs as, with that user's own group and no other; only root may say so. */
  readonly user?: string
}

/** What it comes to. */
export interface Surroundings {
  /** Variables that give way to those of the service, and those that do not. */
  readonly given: Readonly<Record<string, string>>
  readonly set: Readonly<Record<string, string>>
  readonly unset: readonly string[]
  /** Folders that come first in PATH. */
  readonly paths: readonly string[]
  readonly as: { readonly uid?: number; readonly gid?: number }
}

/** Looks up what a runtime environment comes to now; throws `BAD_ENVIRONMENT` for one that cannot be had. */
export const runtimeEnvironment = (wanted: RuntimeEnvironment = {}): Surroundings => {
  const user = wanted.user === undefined ? undefined : account(wanted.user)
  const venv = wanted.venv === undefined ? undefined : venvAt(resolve(wanted.venv))
  const node = wanted.node === undefined ? undefined : nodeAt(resolve(wanted.node))
  const file = wanted.envFile === undefined ? {} : variablesIn(resolve(wanted.envFile))
  return {
    given: { ...(user && { HOME: user.home, USER: user.name, LOGNAME: user.name }), ...file },
    set: venv === undefined ? {} : { VIRTUAL_ENV: venv },
    // It would lead the Python of the environment to the library of another.
    unset: venv === undefined ? [] : ['PYTHONHOME'],
    paths: [
      ...(venv === undefined ? [] : [join(venv, 'bin')]),
      ...(node === undefined ? [] : [dirname(node)]),
    ],
    as: user ? { uid: user.uid, gid: user.gid } : {},
  }
}

const venvAt = (folder: string): string => {
  if (!isProgram(join(folder, 'bin', 'python')))
    throw new GovernorError(
      'BAD_ENVIRONMENT',
      `there is no Python environment in ${folder}: it has no bin/python`,
      `make one with python3 -m venv ${folder}, or name another`,
    )
  return folder
}

const nodeAt = (path: string): string => {
  if (!isProgram(path))
    throw new GovernorError(
      'BAD_ENVIRONMENT',
      `the Node ${path} is not a program that can be run`,
      'use the full path of a node, such as process.execPath',
    )
  return path
}

const variablesIn = (path: string): Readonly<Record<string, string>> => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new GovernorError(
      'BAD_ENVIRONMENT',
      `the variables in ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      'name a .env file that this user may read',
      { cause: error },
    )
  }
  const found = envFile(text)
  if (found.is === 'read') return found.variables
  throw new GovernorError(
    'BAD_ENVIRONMENT',
    `${path}:${found.line}: ${found.why}`,
    'write NAME=value, one a line',
  )
}

interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

const account = (name: string): Account => {
  if (process.getuid?.() !== 0)
    throw new GovernorError(
      'BAD_ENVIRONMENT',
      `nothing can be run as the user "${name}": this process is not root`,
      `start it as root, or as ${name} itself and without the user`,
    )
  const [uid, gid, home = '/'] = inFile(name) ?? fromSystem(name) ?? []
  if (uid === undefined || gid === undefined)
    throw new GovernorError('BAD_ENVIRONMENT', `there is no user "${name}" here`, 'name one of this machine')
  return { name, uid: Number(uid), gid: Number(gid), home }
}

type Row = readonly [uid: string, gid: string, home: string]

/** As passwd(5) has it. */
const inFile = (name: string): Row | undefined => {
  const rows = readFileSync('/etc/passwd', 'utf8').split('\n')
  const [, , uid, gid, , home] = rows.find((row) => row.startsWith(`${name}:`))?.split(':') ?? []
  return uid && gid ? [uid, gid, home || '/'] : undefined
}

/** Users of a directory service, and those of macOS, are known to the system and not to that file. */
const fromSystem = (name: string): Row | undefined => {
  // It becomes a word of a shell, which alone knows everybody's home.
  if (!/^[A-Za-z_][\w.-]*$/.test(name)) return undefined
  try {
    const asked = `id -u ${name} && id -g ${name} && echo ~${name}`
    const said = execFileSync('sh', ['-c', asked], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const [uid, gid, home] = said.split('\n')
    return uid && gid && home ? [uid, gid, home] : undefined
  } catch {
    return undefined
  }
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
