import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const onLinux = process.platform === 'linux'

/** CPU time of a process so far, user and system, all threads that it has, in microseconds; 10 ms coarse where Linux is not asked. */
export function cpuMicros(pid: number): number {
  if (!onLinux) return clockSeconds(ps(pid, 'cputime')) * 1_000_000
  const threads = readdirSync(`/proc/${pid}/task`)
  // The first of three numbers: nanoseconds that the thread has run.
  const ran = threads.map((id) =>
    Number.parseInt(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8'), 10),
  )
  return ran.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1_000
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  if (!onLinux) return Number(ps(pid, 'rss')) * 1_024
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024
}

/** The processes that a process started, with their command lines. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  const table = execFileSync('ps', ['-A', '-o', 'ppid=,pid=,args='], { encoding: 'utf8' })
  return [...table.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)]
    .filter(([, parent]) => Number(parent) === pid)
    .map(([, , child, command = '']) => ({ pid: Number(child), command }))
}

/** Seconds of a clock reading: `[[days-]hours:]minutes:seconds[.fraction]`. */
function clockSeconds(reading: string): number {
  const [clock = '', days = '0'] = reading.split('-').reverse()
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
}

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', `${pid}`], { encoding: 'utf8' }).trim()
}
