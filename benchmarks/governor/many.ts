// Twenty children: until the last one listens, until all are gone, and what the supervisor and a child weigh meanwhile. See README.md.
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { quantile } from '../traffic/quantile.ts'
import type { Row } from './report.ts'
import { type Supervisor, startAll, stopAll, supervisors } from './supervisor.ts'

const children = 20

/** Each supervisor starts and stops twenty, in turn, `rounds` times. */
export async function manyRows(rounds: number): Promise<Row[]> {
  const all = [await supervisors.bare(), await supervisors.holdfast(), await supervisors.pm2()]
  const starts = all.map((): number[] => [])
  const stops = all.map((): number[] => [])
  try {
    // What is loaded at the first start is loaded before it counts.
    for (const each of all) await cycle(each)
    for (let round = 0; round < rounds; round++)
      for (let turn = 0; turn < all.length; turn++) {
        const at = (turn + round) % all.length
        const { start, stop } = await cycle(all[at]!)
        starts[at]!.push(start)
        stops[at]!.push(stop)
      }
  } finally {
    for (const each of all) await each.end()
  }
  const row =
    (name: string, took: readonly (readonly number[])[]) =>
    ({ name: subject }: Supervisor, at: number): Row => ({
      subject,
      name,
      unit: 'ms',
      value: quantile(took[at]!, 0.5),
      worst: Math.max(...took[at]!),
      ratio: quantile(
        took[at]!.map((each, round) => each / took[0]![round]!),
        0.5,
      ),
    })
  return [
    ...all.map(row(`start ${children}, last one ready`, starts)),
    ...all.map(row(`stop ${children} idle`, stops)),
  ]
}

async function cycle(supervisor: Supervisor): Promise<{ readonly start: number; readonly stop: number }> {
  const start = await startAll(supervisor, children)
  // Until they are idle.
  await wait(500)
  const stop = await stopAll(supervisor)
  await wait(200)
  return { start, stop }
}

/** The memory of each supervisor with twenty children, and of a child of it, one supervisor after the other. */
export async function memoryRows(settle: number): Promise<Row[]> {
  const rows: Row[] = []
  const { bare, holdfast, pm2 } = supervisors
  for (const make of [bare, holdfast, pm2]) {
    const supervisor = await make()
    try {
      await startAll(supervisor, children)
      await wait(settle)
      const pids = (await supervisor.ready.all(children)).map(({ pid }) => pid)
      const own = memory(supervisor.pid())
      const theirs = pids.map(memory)
      const row = (name: string, value: number): Row => ({
        subject: supervisor.name,
        name,
        unit: 'MiB',
        value,
      })
      rows.push(
        row(`supervisor of ${children}, RSS`, own.rss),
        row(`supervisor of ${children}, unique`, own.unique),
        row(
          'a child, RSS',
          quantile(
            theirs.map(({ rss }) => rss),
            0.5,
          ),
        ),
        row(
          'a child, unique',
          quantile(
            theirs.map(({ unique }) => unique),
            0.5,
          ),
        ),
      )
    } finally {
      await supervisor.end()
    }
  }
  return rows.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
}

const names = ['RSS', 'unique'].flatMap((what) => [`supervisor of ${children}, ${what}`, `a child, ${what}`])

/** Resident memory, and what of it nobody shares (proc_pid_smaps), in MiB. */
function memory(pid: number): { readonly rss: number; readonly unique: number } {
  const smaps = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const mb = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(smaps)?.[1]) / 1_024
  return { rss: mb('Rss'), unique: mb('Private_Clean') + mb('Private_Dirty') }
}
