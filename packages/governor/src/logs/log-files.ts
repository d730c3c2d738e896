import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** One of the files that hold what a service wrote. */
export interface LogFile {
  readonly service: string
  readonly path: string
  /** 0 is the one that is written to; the higher, the older. */
  readonly turn: number
}

/** The name of the file of a service that is so many rotations old. */
export const logName = (service: string, turn = 0): string =>
  `${encodeURIComponent(service.toWellFormed())}.log${turn === 0 ? '' : `.${turn}`}`

/** The log files in a folder, the oldest of a service first; of one service, or of all. None if there is no such folder. */
export const logFiles = (folder: string, only?: string): readonly LogFile[] =>
  names(folder)
    .flatMap((name) => {
      const [, stem = '', turn = '0'] = /^(.+)\.log(?:\.([1-9]\d{0,5}))?$/.exec(name) ?? []
      const service = decoded(stem)
      if (!service || (only !== undefined && service !== only)) return []
      return [{ service, path: join(folder, name), turn: Number(turn) }]
    })
    .sort((a, b) => b.turn - a.turn)

/** Removes the log files to which nothing was written since a moment, in ms since 1970. */
export const pruneLogs = (folder: string, before: number): void => {
  for (const { path } of logFiles(folder)) {
    const { mtimeMs = Infinity } = statSync(path, { throwIfNoEntry: false }) ?? {}
    if (mtimeMs < before) rmSync(path, { force: true })
  }
}

const names = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const decoded = (stem: string): string | undefined => {
  try {
    return decodeURIComponent(stem)
  } catch {
    return undefined
  }
}
