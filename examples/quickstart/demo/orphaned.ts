import { execFileSync } from 'node:child_process'

/** Calls back once when whoever started this process is gone: its parent, or npm, which stands behind a shell of its own. */
export function orphaned(then: () => void): void {
  const parent = process.ppid
  const npm = process.env['npm_lifecycle_event'] ? parentOf(parent) : undefined
  const watch = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || lives(npm))) return
    clearInterval(watch)
    then()
  }, 500)
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(execFileSync('ps', ['-o', 'ppid=', '-p', `${pid}`], { encoding: 'utf8' })) || undefined
  } catch {
    return undefined // without `ps` the parent alone is watched
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it lives, but is not ours to signal
  }
}
