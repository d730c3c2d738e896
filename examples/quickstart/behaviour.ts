import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a provider behaves: well, or in one of the ways in which real ones go wrong. */
export const modes = ['ok', 'fail', 'throttle', 'stall', 'cut', 'slow'] as const

/** One of `modes`. */
export type Mode = (typeof modes)[number]

/** Whether a value is the name of a mode. */
export const isMode = (value: unknown): value is Mode => modes.some((mode) => mode === value)

/** Where the providers keep their mode unless told otherwise: `.holdfast/` beside `holdfast.yaml`. */
export const stateFolder = join(import.meta.dirname, '.holdfast')

/** The mode of the provider on a port. It is kept in a file, so it outlives the process: a broken provider stays broken. */
export function behaviour(port: number, folder = stateFolder) {
  const file = join(folder, `provider-${port}.mode`)
  return {
    /** The mode that was set last; `ok` if none was, or if the file holds no mode. */
    mode(): Mode {
      try {
        const kept = readFileSync(file, 'utf8')
        return isMode(kept) ? kept : 'ok'
      } catch {
        return 'ok'
      }
    },
    /** Sets the mode. `ok` leaves no file behind. */
    become(mode: Mode): void {
      rmSync(file, { force: true })
      if (mode === 'ok') return
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, mode)
    },
  }
}
