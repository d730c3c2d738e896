import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Load, load } from './load.ts'

/** A program that answers the question at `origin`, and what Node, or another `command`, is given to run it; `headers` are what it wants to be asked with. */
export type Program = {
  name: string
  origin: string
  args: readonly string[]
  cwd?: string
  command?: string
  headers?: Readonly<Record<string, string>>
}

/** A program that runs in a process of its own, and the load on it. */
export type Answerer = { load: Load; pid: number; stop(): Promise<void> }

/** Starts a program, and resolves once it answers rightly. Rejects if it exits instead, or does neither in 20 s. */
export async function answerer(program: Program): Promise<Answerer> {
  const { origin, args, cwd, command = process.execPath, headers } = program
  const client = load(origin, headers)
  const stdio = ['ignore', process.stderr, process.stderr] as const
  const child = spawn(command, args, { cwd, stdio: [...stdio] })
  const killed = () => child.kill()
  process.once('exit', killed)
  await answering(program, client, child)
  return {
    load: client,
    pid: child.pid!,
    async stop() {
      process.off('exit', killed)
      await client.close()
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** The raw proxy, between `port` and a provider. */
export function bare(port: number, provider: string): Program {
  const args = [join(import.meta.dirname, 'bare.ts'), String(port), provider]
  return { name: 'bare', origin: `http://127.0.0.1:${port}`, args }
}

async function answering({ name }: Program, client: Load, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return await client.ask('json')
    } catch (error) {
      if (child.exitCode !== null)
        throw new Error(`${name} exited with code ${child.exitCode} instead of answering`)
      if (tries === 199) throw new Error(`${name} did not answer in time: ${(error as Error).message}`)
    }
    await wait(100)
  }
}
