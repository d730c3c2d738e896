import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pm2 } from './pm2.ts'
import { built, server } from './programs.ts'
import { type Ready, type ReadyFile, readyFile } from './ready-file.ts'

/** A process that keeps HTTP servers alive. */
export interface Supervisor {
  readonly name: string
  readonly ready: ReadyFile
  readonly pid: () => number
  /** Resolves when it has been told to start so many, not when they listen. */
  start(count: number): Promise<unknown>
  /** Resolves when none is left. */
  stop(): Promise<unknown>
  /** Ends it, with all that it started. */
  end(): Promise<void>
}

/** Those that are compared, the floor first. */
export const supervisors = {
  bare: (): Promise<Supervisor> => nodeSupervisor('bare node parent', 'bare-parent'),
  holdfast: (): Promise<Supervisor> => nodeSupervisor('holdfast', 'holdfast-parent'),
  spare: (): Promise<Supervisor> =>
    nodeSupervisor('holdfast, spare', 'holdfast-parent', { args: ['spare'], env: { SAY: 'yes' } }),
  pm2: (): Promise<Supervisor> => pm2(readyFile()),
} as const

/** A supervisor that is told on its standard input what to do; `args` go to it after the server's path and a folder. */
export async function nodeSupervisor(
  name: string,
  program: 'bare-parent' | 'holdfast-parent',
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Supervisor> {
  const ready = readyFile()
  const state = join(ready.folder, 'state')
  mkdirSync(state)
  const file = await built(program, ready.folder)
  const child: ChildProcess = spawn(process.execPath, [file, server, state, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env, READY: ready.path },
  })
  const exited = once(child, 'exit')
  const answers = createInterface({ input: child.stdout! })
  const tell = async (line: string): Promise<void> => {
    const answered = once(answers, 'line', { signal: AbortSignal.timeout(30_000) })
    child.stdin!.write(`${line}\n`)
    await answered
  }
  return {
    name,
    ready,
    pid: () => child.pid!,
    start: (count) => tell(`start ${count}`),
    stop: () => tell('stop'),
    async end() {
      child.stdin!.write('end\n')
      // One that hangs has said so before.
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exited
      clearTimeout(late)
      ready[Symbol.dispose]()
    },
  }
}

/** Starts so many and resolves when all of them listen, with how long that took, in ms. */
export async function startAll(supervisor: Supervisor, count: number): Promise<number> {
  const { ready } = supervisor
  const before = ready.count()
  const asked = process.hrtime.bigint()
  const started = supervisor.start(count)
  const all = await ready.all(before + count)
  await started
  return ms(last(all.slice(before)) - asked)
}

/** Stops all and resolves with how long that took, in ms. */
export async function stopAll(supervisor: Supervisor): Promise<number> {
  const asked = process.hrtime.bigint()
  await supervisor.stop()
  return ms(process.hrtime.bigint() - asked)
}

/** Kills the child that listened last with SIGKILL; resolves with how long it took until another listened, in ms. */
export async function killOne({ ready }: Supervisor): Promise<number> {
  const count = ready.count()
  const { pid } = (await ready.all(count)).at(-1)!
  const killed = process.hrtime.bigint()
  process.kill(pid, 'SIGKILL')
  const all = await ready.all(count + 1)
  return ms(all.at(-1)!.at - killed)
}

const last = (all: readonly Ready[]): bigint => all.reduce((late, { at }) => (at > late ? at : late), 0n)

const ms = (ns: bigint): number => Number(ns) / 1e6
