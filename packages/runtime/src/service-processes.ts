import { readdir, readFile } from 'node:fs/promises'
import type { Family, Sample } from '@holdfast/telemetry'

/** A process that stands for a service. */
export interface ServiceProcess {
  readonly service: string
  readonly pid: number
  /** Which one it is, where there are several. */
  readonly replica?: string
}

/** Clock ticks in a second: 100 wherever Linux tells them to programs. */
const ticks = 100

/**
 * CPU, memory and descriptors of the services' processes, as Linux tells them (proc_pid_stat(5)), each with all the processes below it: `npm start` is
 * not the one that works. A process that ended in the meantime has no samples, and where there is no `/proc` none has.
 */
export async function serviceProcesses(
  processes: readonly ServiceProcess[],
  folder = '/proc',
): Promise<Family[]> {
  const began = await bootTime(folder)
  const all = await Promise.all(
    processes.map(async ({ service, pid, replica }) => ({
      labels: { service, ...(replica !== undefined && { replica }) },
      trees: await tree(folder, pid),
    })),
  )
  const living = all.filter(({ trees }) => trees.length > 0)
  const each = (value: (trees: readonly Seen[]) => number | undefined): Sample[] =>
    living.flatMap(({ labels, trees }) => {
      const told = value(trees)
      return told === undefined ? [] : [{ labels, value: told }]
    })
  return [
    {
      name: 'holdfast_service_cpu_seconds_total',
      help: 'CPU time used by a service and what it started, in seconds.',
      type: 'counter',
      samples: each((seen) => sum(seen, ({ cpu }) => cpu)),
    },
    gauge(
      'holdfast_service_resident_memory_bytes',
      'Memory that a service and what it started have in use, in bytes.',
      each((seen) => sum(seen, ({ memory }) => memory)),
    ),
    gauge(
      'holdfast_service_open_fds',
      'File descriptors that a service and what it started have open.',
      each((seen) => sum(seen, ({ open }) => open)),
    ),
    gauge(
      'holdfast_service_processes',
      'Processes of a service: its own, and those below it.',
      each((seen) => seen.length),
    ),
    gauge(
      'holdfast_service_start_time_seconds',
      'When the process of a service began, in seconds since 1970.',
      each(([first]) => began && first && began + first.began),
    ),
  ]
}

/** A process as it was seen. Times are seconds. */
interface Seen {
  readonly cpu: number
  readonly memory: number
  readonly open: number
  /** After the machine. */
  readonly began: number
}

/** A process and all below it, itself first; so many at most. */
async function tree(folder: string, pid: number, room = { left: most }): Promise<Seen[]> {
  if (room.left-- <= 0) return []
  const [own, children] = await Promise.all([seen(`${folder}/${pid}`), childrenOf(`${folder}/${pid}`)])
  if (own === undefined) return []
  const below = await Promise.all(children.map((child) => tree(folder, child, room)))
  return [own, ...below.flat()]
}

/** A service that starts thousands of processes must not hold up the page. */
const most = 64

async function seen(path: string): Promise<Seen | undefined> {
  try {
    const [stat, memory, open] = await Promise.all([
      readFile(`${path}/stat`, 'utf8'),
      readFile(`${path}/status`, 'utf8'),
      readdir(`${path}/fd`),
    ])
    // The name of the program stands in brackets and may hold anything, brackets too; fields are counted from the one after it, the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const field = (nth: number): number => Number(fields[nth - 3])
    return {
      // With that of children that ended: what they used goes over to their parent, so that the sum never falls.
      cpu: (field(14) + field(15) + field(16) + field(17)) / ticks,
      memory: Number(/^VmRSS:\s+(\d+) kB$/m.exec(memory)?.[1] ?? 0) * 1024,
      open: open.length,
      began: field(22) / ticks,
    }
  } catch {
    return undefined
  }
}

async function childrenOf(path: string): Promise<number[]> {
  try {
    const threads = await readdir(`${path}/task`)
    const lists = await Promise.all(threads.map((each) => readFile(`${path}/task/${each}/children`, 'utf8')))
    return lists.flatMap((list) => list.trim().split(' ').filter(Boolean).map(Number))
  } catch {
    return []
  }
}

/** When the machine began, in seconds since 1970. */
async function bootTime(folder: string): Promise<number | undefined> {
  const stat = await readFile(`${folder}/stat`, 'utf8').catch(() => '')
  const [, at] = /^btime (\d+)$/m.exec(stat) ?? []
  return at === undefined ? undefined : Number(at)
}

function sum(seen: readonly Seen[], value: (seen: Seen) => number): number {
  return seen.reduce((all, each) => all + value(each), 0)
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}
