import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '@holdfast/policy'
import { reapGroup } from './process-group.ts'

/*
 * What a governor that is killed with SIGKILL leaves for the next one: who it was, and which groups it led.
 *
 * I1  Nothing is killed that is not proven ours: its pid AND its start time must be those on record.
 * I2  A governor that still lives keeps its children, whoever asks.
 *
 * Written synchronously: a crash between a spawn and its record would leave a process that nobody can prove theirs.
 */

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessMark {
  readonly pid: number
  readonly started: string
}

interface Recorded {
  readonly governor: ProcessMark
  readonly children: readonly (ProcessMark & { readonly service: string })[]
}

/** The groups of one running governor, on disk as `run.json` in its state directory. Both methods throw what the disk throws. */
export interface RunRecord {
  add(service: string, pid: number): void
  remove(service: string): void
}

/** Keeps the record of this process. The file is replaced as a whole, and removed with the last child. */
export const runRecord = (stateDir: string): RunRecord => {
  const file = join(stateDir, 'run.json')
  const governor = mark(process.pid)
  const children = new Map<string, ProcessMark>()
  const write = () => {
    if (!governor || children.size === 0) return rmSync(file, { force: true })
    const recorded: Recorded = {
      governor,
      children: [...children].map(([service, child]) => ({ service, ...child })),
    }
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(recorded, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.${process.pid}`, file)
  }
  return {
    add: (service, pid) => {
      const child = mark(pid)
      if (!child) return
      children.set(service, child)
      write()
    },
    remove: (service) => {
      if (children.delete(service)) write()
    },
  }
}

/** What `reapLeftovers` found: a governor that still lives, or the services whose groups it ended. */
export type Leftovers =
  | { readonly is: 'running'; readonly pid: number }
  | { readonly is: 'reaped'; readonly services: readonly string[] }

/**
 * Kills the groups that a dead governor left running, as its record in the state directory proves them.
 *
 * Resolves when they are gone, with the names of their services; changes nothing while that governor lives. No record,
 * or one that cannot be read, is no leftovers.
 */
export const reapLeftovers = async (stateDir: string, clock: Clock = systemClock): Promise<Leftovers> => {
  const recorded = read(join(stateDir, 'run.json'))
  if (!recorded) return { is: 'reaped', services: [] }
  if (lives(recorded.governor)) return { is: 'running', pid: recorded.governor.pid }
  const left = recorded.children.filter((child) => child.pid > 1 && lives(child))
  await Promise.all(left.map(({ pid }) => new Promise((resolve) => reapGroup(pid, clock, resolve))))
  rmSync(join(stateDir, 'run.json'), { force: true })
  return { is: 'reaped', services: left.map(({ service }) => service) }
}

/** The mark of a process that lives now, or undefined when there is none. */
export const mark = (pid: number): ProcessMark | undefined => {
  const started = startTime(pid)
  return started === undefined ? undefined : { pid, started }
}

const lives = ({ pid, started }: ProcessMark): boolean => startTime(pid) === started

const hasProc = existsSync('/proc/self/stat')

const startTime = (pid: number): string | undefined => {
  try {
    return hasProc ? ticksSinceBoot(pid) : secondsOnTheWall(pid)
  } catch {
    return undefined
  }
}

// Ticks since boot mean something only together with the boot.
const ticksSinceBoot = (pid: number): string => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Field 2 is the name in brackets and may hold anything, so fields are counted from its end: this is field 22.
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`
}

const secondsOnTheWall = (pid: number): string => {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env, encoding: 'utf8' }).trim()
}

const read = (file: string): Recorded | undefined => {
  try {
    const recorded = JSON.parse(readFileSync(file, 'utf8')) as Partial<Recorded> | null
    const marked = (each: ProcessMark | undefined) =>
      Number.isInteger(each?.pid) && typeof each?.started === 'string'
    if (!marked(recorded?.governor) || !recorded?.children?.every(marked)) return undefined
    return recorded as Recorded
  } catch {
    return undefined
  }
}
