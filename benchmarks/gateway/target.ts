import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Load, load } from './load.ts'
import { childrenOf } from './process-cost.ts'

/** What can be measured: the provider itself, the raw proxy, Holdfast. */
export const targetNames = ['direct', 'bare', 'holdfast'] as const

/** One of `targetNames`. */
export type TargetName = (typeof targetNames)[number]

/** Something that answers the question, and the process that carries the cost (none where nothing is between). */
export type Target = { name: TargetName; load: Load; pid: number | undefined; stop(): Promise<void> }

/** Where the fake provider listens. */
export const upstreamPort = 4792

const origins: Record<TargetName, string> = {
  direct: `http://127.0.0.1:${upstreamPort}`,
  bare: 'http://127.0.0.1:4793',
  holdfast: 'http://127.0.0.1:4790',
}

const cli = join(import.meta.dirname, '../../packages/cli/bin/holdfast.cjs')
const programs: Record<Exclude<TargetName, 'direct'>, string[]> = {
  bare: [join(import.meta.dirname, 'bare.ts'), '4793', origins.direct],
  holdfast: [cli, 'up', '-f', 'holdfast.yaml'],
}

/** Starts a target, and resolves once it answers rightly. Rejects if it exits instead, or does neither in 20 s. */
export async function target(name: TargetName): Promise<Target> {
  const client = load(origins[name])
  if (name === 'direct') return { name, load: client, pid: undefined, stop: () => client.close() }
  const child = spawn(process.execPath, programs[name], {
    cwd: import.meta.dirname,
    stdio: ['ignore', process.stderr, process.stderr],
  })
  const killed = () => child.kill()
  process.once('exit', killed)
  await answering(name, client, child)
  return {
    name,
    load: client,
    pid: name === 'holdfast' ? await edgeOf(child.pid as number) : child.pid,
    async stop() {
      process.off('exit', killed)
      await client.close()
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function answering(name: TargetName, client: Load, child: ChildProcess): Promise<void> {
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

/** The process of Holdfast that requests go through: as the control API tells it, else by its command line. */
async function edgeOf(governor: number): Promise<number> {
  const response = await fetch('http://127.0.0.1:4791/api/v1/status')
  const { processes } = (await response.json()) as { processes?: { edge?: { pid?: number } } }
  if (processes?.edge?.pid) return processes.edge.pid
  const children = childrenOf(governor)
  return (children.find(({ command }) => command.includes('edge')) ?? children[0])?.pid ?? governor
}
