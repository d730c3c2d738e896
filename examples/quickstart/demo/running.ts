import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** A Node program that runs beside us and ends with us. */
export type Running = {
  readonly pid: number | undefined
  /** Its exit code. A death by signal counts as 1, but by the SIGTERM that asked it to end as 0. */
  readonly exited: Promise<number>
  /** The end of what it wrote, where that was not passed on. */
  readonly lastWords: () => string
  /** Keeps what it writes from being passed on until the returned function is called. */
  readonly hush: () => () => void
  /** The first time asks it to end (SIGTERM, once). Every later time kills it and all that it started. */
  readonly stop: () => void
}

/** Runs Node with these arguments, in this folder. What it writes is passed on as it is, or the end of it is kept. */
export function running(args: readonly string[], output: 'pass' | 'keep'): Running {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('./leash.ts'), ...args], {
    cwd: join(import.meta.dirname, '..'),
    detached: true, // a process group of its own: Ctrl-C reaches us alone, and the child hears of it exactly once
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // the channel is the leash
  })
  const out = child.stdout as Readable
  const err = child.stderr as Readable
  let kept = ''
  const pass = () => {
    out.pipe(process.stdout, { end: false })
    err.pipe(process.stderr, { end: false })
  }
  if (output === 'pass') pass()
  else {
    for (const stream of [out, err]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        kept = (kept + text).slice(-8_000)
      })
    }
  }
  let asked = false
  return {
    pid: child.pid,
    exited: new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        const settle = () => resolve(code ?? (asked && signal === 'SIGTERM' ? 0 : 1))
        child.once('close', settle)
        setTimeout(settle, 1_000) // someone else may hold its output open
      })
    }),
    lastWords: () => kept,
    hush() {
      for (const stream of [out, err]) stream.unpipe().pause()
      return pass
    },
    stop() {
      if (asked) killTree(child.pid)
      else child.kill('SIGTERM')
      asked = true
    },
  }
}

/** Kills a process and all that descend from it, in whatever process groups they are. */
function killTree(root: number | undefined): void {
  if (root === undefined || !signal(root, 'SIGSTOP')) return // stopped, it starts nothing more while we look
  const tree = [root]
  const children = parentsAndChildren()
  for (const parent of tree) tree.push(...(children.get(parent) ?? []))
  for (const pid of tree) signal(pid, 'SIGKILL')
}

function parentsAndChildren(): Map<number, number[]> {
  const children = new Map<number, number[]>()
  try {
    const table = execFileSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' })
    for (const [, parent, pid] of table.matchAll(/(\d+)\s+(\d+)/g)) {
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(pid)])
    }
  } catch {
    // without `ps` the process itself is all that can be killed
  }
  return children
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false // it ended by itself
  }
}
