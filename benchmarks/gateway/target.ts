import { join } from 'node:path'
import { type Answerer, answerer, bare, type Program } from '../traffic/answerer.ts'
import { type Load, load } from '../traffic/load.ts'
import { childrenOf } from '../traffic/process-cost.ts'

/** What can be measured: the provider itself, the raw proxy, Holdfast. */
export const targetNames = ['direct', 'bare', 'holdfast'] as const

/** One of `targetNames`. */
export type TargetName = (typeof targetNames)[number]

/** Something that answers the question, and the process that carries the cost (none where nothing is between). */
export type Target = { name: TargetName; load: Load; pid: number | undefined; stop(): Promise<void> }

/** Where the fake provider listens. */
export const upstreamPort = 4792
const provider = `http://127.0.0.1:${upstreamPort}`

const cli = join(import.meta.dirname, '../../packages/cli/bin/holdfast.cjs')
const holdfast: Program = {
  name: 'holdfast',
  origin: 'http://127.0.0.1:4790',
  args: [cli, 'up', '-f', 'holdfast.yaml'],
  cwd: import.meta.dirname,
}

/** Starts a target, and resolves once it answers rightly. Rejects if it exits instead, or does neither in 20 s. */
export async function target(name: TargetName): Promise<Target> {
  if (name === 'direct') {
    const client = load(provider)
    return { name, load: client, pid: undefined, stop: () => client.close() }
  }
  const started: Answerer = await answerer(name === 'bare' ? bare(4793, provider) : holdfast)
  return { ...started, name, pid: name === 'holdfast' ? await edgeOf(started.pid) : started.pid }
}

/** The process of Holdfast that requests go through: as the control API tells it, else by its command line. */
async function edgeOf(governor: number): Promise<number> {
  const response = await fetch('http://127.0.0.1:4791/api/v1/status')
  const { processes } = (await response.json()) as { processes?: { edge?: { pid?: number } } }
  if (processes?.edge?.pid) return processes.edge.pid
  const children = childrenOf(governor)
  return (children.find(({ command }) => command.includes('edge')) ?? children[0])?.pid ?? governor
}
