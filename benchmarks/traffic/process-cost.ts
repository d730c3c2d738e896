import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const onLinux = process.platform === 'linux'

/** CPU time of a process so far, user and system, all threads, in microseconds; 10 ms coarse. */
export function cpuMicros(pid: number): number {
  if (!onLinux) return clockSeconds(ps(pid, 'cputime')) * 1_000_000
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // begins with the third field, the state
  return (Number(fields[11]) + Number(fields[12])) * 10_000 // USER_HZ is 100 on every Linux that Node runs on
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
