import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** A process that cannot be mistaken for a later one with the same number, nor for one of another boot. */
export interface ProcessMark {
  readonly pid: number
  /** Linux: the boot's identity and the ticks from it to the start. Elsewhere: the second of the start, UTC. */
  readonly started: string
}

/** The mark of a process that lives now, or undefined when there is none. */
export const mark = (pid: number): ProcessMark | undefined => {
  const started = startTime(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Whether this very process still lives; one that is dead and that nobody collects does not. */
export const lives = ({ pid, started }: ProcessMark): boolean => startTime(pid) === started

const hasProc = existsSync('/proc/self/stat')

const startTime = (pid: number): string | undefined => {
  try {
    return hasProc ? ticksSinceBoot(pid) : secondsOnTheWall(pid)
  } catch {
    return undefined
  }
}

// Ticks since boot mean something only together with the boot.
const ticksSinceBoot = (pid: number): string | undefined => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Field 2 is the name in brackets and may hold anything, so fields are counted from its end: these are 3 and 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
}

const secondsOnTheWall = (pid: number): string | undefined => {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  const found = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env, encoding: 'utf8' })
  const [stat = 'Z', ...started] = found.trim().split(/\s+/)
  return stat.startsWith('Z') ? undefined : started.join(' ')
}
