import { execFile } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { type Unit, unitsIn, unitVariable } from './unit.ts'

/** A process that carries a unit in the environment it was started with. */
export interface Marked {
  readonly pid: number
  readonly group: number
  readonly unit: Unit
}

/** Finds every process that carries a unit of this governor and whose environment this user may read. */
export type FindMarked = (governor: string) => Promise<readonly Marked[]>

/** Processes looked at before others get a turn: about a millisecond. */
const atOnce = 32

/**
 * Reads the environments in /proc: 40 µs a process.
 *
 * The environment is the one a program was started with; a program that overwrites its own is not found.
 */
export const markedInProc: FindMarked = async (governor) => {
  for (let round = 1; ; round++) {
    const { found, vanished } = await lookThrough(governor)
    // Who vanished may have had a child after the list was made: nobody of that line was seen.
    if (found.length > 0 || !vanished || round === 3) return found
  }
}

const lookThrough = async (governor: string) => {
  const found: Marked[] = []
  let vanished = false
  let looked = 0
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    if (++looked % atOnce === 0) await new Promise(setImmediate)
    const units = unitsOf(pid)
    if (units === 'vanished') vanished = true
    else {
      const unit = units.find((each) => each.governor === governor)
      const group = unit && groupOf(pid)
      if (group) found.push({ pid, group, unit })
    }
  }
  return { found, vanished }
}

/** Asks `ps` for the environments, where there is no /proc. macOS shows only those of this user's own programs. */
export const markedByPs: FindMarked = (governor) =>
  new Promise((resolve) => {
    const columns = ['axeww', '-o', 'pid=,pgid=,command=']
    execFile('ps', columns, { maxBuffer: 64 * 1024 * 1024 }, (_, stdout) => {
      resolve(
        stdout.split('\n').flatMap((row) => {
          const [, pid, group, rest = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? []
          // The value ends where the next variable begins; where a value itself holds blanks, words that are no unit are passed over.
          const value = rest.split(`${unitVariable}=`).slice(1).join(' ')
          const unit = unitsIn(value).find((each) => each.governor === governor)
          return unit && Number(pid) !== process.pid ? [{ pid: Number(pid), group: Number(group), unit }] : []
        }),
      )
    })
  })

/** The way to find them here. */
export const findMarked: FindMarked = existsSync('/proc/self/environ') ? markedInProc : markedByPs

const piece = Buffer.alloc(65_536)

const unitsOf = (pid: number): readonly Unit[] | 'vanished' => {
  try {
    const environ = environOf(pid)
    if (!environ.includes(unitVariable)) return []
    const entries = environ.toString('latin1').split('\0')
    const entry = entries.find((each) => each.startsWith(`${unitVariable}=`))
    return entry ? unitsIn(entry.slice(unitVariable.length + 1)) : []
  } catch (error) {
    // Another user's (EACCES), a kernel thread, or dead already (ESRCH): not ours to end.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'vanished' : []
  }
}

const environOf = (pid: number): Buffer => {
  const file = openSync(`/proc/${pid}/environ`, 'r')
  try {
    const first = readSync(file, piece)
    if (first < piece.length) return piece.subarray(0, first)
    const pieces = [Buffer.from(piece)]
    for (let size = readSync(file, piece); size > 0; size = readSync(file, piece))
      pieces.push(Buffer.from(piece.subarray(0, size)))
    return Buffer.concat(pieces)
  } finally {
    closeSync(file)
  }
}

const groupOf = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
  } catch {
    return undefined
  }
}
