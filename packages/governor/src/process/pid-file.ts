import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lives, type ProcessMark } from './process-mark.ts'
import { type Unit, unitOf, unitText } from './unit.ts'

/** A run of a service, as its PID file proves it. */
export interface Run extends ProcessMark {
  readonly unit: Unit
  /** A hash of what was to be run: a run of something else is not taken over. */
  readonly spec: string
  readonly ready: boolean
}

/** Where the PID file of a service is. */
export const pidFile = (folder: string, service: string): string =>
  join(folder, `${encodeURIComponent(service.toWellFormed())}.pid`)

/** Writes the PID file of a run, as a whole: the process id in the first line, what guards it against reuse below. Throws what the disk throws. */
export const writePidFile = (folder: string, { pid, started, unit, spec, ready }: Run): void => {
  const file = pidFile(folder, unit.service)
  const rows = [
    pid,
    `started ${started}`,
    `unit ${unitText(unit)}`,
    `spec ${spec}`,
    ...(ready ? ['ready'] : []),
  ]
  writeFileSync(`${file}.new`, `${rows.join('\n')}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Removes the PID file of a service, if there is one. */
export const removePidFile = (folder: string, service: string): void =>
  rmSync(pidFile(folder, service), { force: true })

/** Removes all PID files of a folder, half-written ones too, except those of the services that are kept. */
export const clearPidFiles = (folder: string, kept: ReadonlySet<string>): void => {
  const keep = new Set([...kept].map((service) => pidFile(folder, service)))
  for (const name of readdirSync(folder))
    if (/\.pid(\.new)?$/.test(name) && !keep.has(join(folder, name)))
      rmSync(join(folder, name), { force: true })
}

/** All runs that the PID files of a folder tell of, and whether each still lives. A file that cannot be read tells of none. */
export const readPidFiles = (folder: string): readonly (Run & { readonly lives: boolean })[] =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.pid'))
    .flatMap((name) => {
      const run = read(join(folder, name))
      return run ? [{ ...run, lives: lives(run) }] : []
    })

const read = (file: string): Run | undefined => {
  try {
    const [first = '', ...rows] = readFileSync(file, 'utf8').split('\n')
    const told = new Map(rows.map((row) => [row.split(' ', 1)[0], row.slice(row.indexOf(' ') + 1)]))
    const pid = Number(first)
    const unit = unitOf(told.get('unit') ?? '')
    const started = told.get('started')
    // 1 is everybody's ancestor, and below are not processes but everyone.
    if (!Number.isSafeInteger(pid) || pid <= 1 || !unit || !started) return undefined
    return { pid, started, unit, spec: told.get('spec') ?? '', ready: told.has('ready') }
  } catch {
    return undefined
  }
}
