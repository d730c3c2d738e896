import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** What a process group uses: resident memory in bytes, and CPU time of its living members in seconds. */
export interface Usage {
  readonly memory: number
  readonly cpu: number
}

/** Tells what process groups use; one that has no members is not in the answer. Never rejects. */
export type UsageReader = (groups: readonly number[]) => Promise<ReadonlyMap<number, Usage>>

/** Reads `/proc` once for all groups (proc_pid_stat(5)), or asks `ps` where there is none. */
export const processUsage: UsageReader = async (groups) => {
  const found = new Map<number, Usage>()
  if (groups.length === 0) return found
  const wanted = new Set(groups)
  for (const { group, memory, cpu } of await (hasProc ? fromProc() : fromPs())) {
    if (!wanted.has(group)) continue
    const sum = found.get(group) ?? { memory: 0, cpu: 0 }
    found.set(group, { memory: sum.memory + memory, cpu: sum.cpu + cpu })
  }
  return found
}

interface Seen extends Usage {
  readonly group: number
}

const hasProc = existsSync('/proc/self/stat')
const pageSize = 4_096
const ticks = 100

const fromProc = async (): Promise<readonly Seen[]> => {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
  return stats.filter(Boolean).map((stat) => {
    // Field 2 is the name in brackets and may hold anything, so fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const field = (nth: number) => Number(fields[nth - 3])
    return { group: field(5), memory: field(24) * pageSize, cpu: (field(14) + field(15)) / ticks }
  })
}

const fromPs = (): Promise<readonly Seen[]> =>
  new Promise((resolve) => {
    execFile('ps', ['-A', '-o', 'pgid=,rss=,time='], (error, stdout) => resolve(error ? [] : psRows(stdout)))
  })

/** The rows of `ps -o pgid=,rss=,time=`: kilobytes, and a time as [[days-]hours:]minutes:seconds. */
export const psRows = (text: string): readonly Seen[] =>
  text
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter(({ length }) => length === 3)
    .map(([group, kilobytes, time = '']) => ({
      group: Number(group),
      memory: Number(kilobytes) * 1_024,
      cpu: secondsOf(time),
    }))

const secondsOf = (time: string): number => {
  const [clock = '', days = '0'] = time.split('-').toReversed()
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
}
