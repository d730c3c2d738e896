import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Answerer, answerer, bare, type Program } from '../traffic/answerer.ts'
import { type Load, load } from '../traffic/load.ts'
import { childrenOf } from '../traffic/process-cost.ts'
import { nginx } from './nginx.ts'

/** What can be measured: the provider itself, nginx where it is installed, the raw proxy, Holdfast, and Portkey's gateway. */
export const targetNames = ['direct', 'nginx', 'bare', 'holdfast', 'portkey'] as const

/** One of `targetNames`. */
export type TargetName = (typeof targetNames)[number]

/** Something that answers the question, and the process that carries the cost (none where nothing is between). */
export type Target = { name: TargetName; load: Load; pid: number | undefined; stop(): Promise<void> }

/** Where the fake provider listens. */
export const upstreamPort = 4792
const provider = `http://127.0.0.1:${upstreamPort}`

const root = join(import.meta.dirname, '../..')
const state = mkdtempSync(join(tmpdir(), 'holdfast-benchmark-'))
process.once('exit', () => rmSync(state, { recursive: true, force: true }))

/** Each in a folder of its own, so that none finds what another left. */
const programs: Readonly<Record<Exclude<TargetName, 'direct'>, () => Program>> = {
  bare: () => bare(4793, provider),
  holdfast: () => {
    build()
    const main = join(root, 'packages/cli/dist/main.js')
    const origin = 'http://127.0.0.1:4790'
    return { name: 'holdfast', origin, args: [main, 'up', '-f', 'holdfast.yaml'], cwd: import.meta.dirname }
  },
  nginx: () => {
    const file = join(state, 'nginx.conf')
    writeFileSync(file, nginx({ port: 4794, provider, folder: state }))
    return { name: 'nginx', origin: 'http://127.0.0.1:4794', command: 'nginx', args: ['-c', file] }
  },
  portkey: () => ({
    name: 'portkey',
    origin: 'http://127.0.0.1:4795',
    args: [
      join(import.meta.dirname, '../node_modules/@portkey-ai/gateway/build/start-server.js'),
      '--headless',
      '--port=4795',
    ],
    headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${provider}/v1` },
  }),
}

/** Starts a target, and resolves once it answers rightly. Rejects if it exits instead, or does neither in 20 s. */
export async function target(name: TargetName): Promise<Target> {
  if (name === 'direct') {
    const client = load(provider)
    return { name, load: client, pid: undefined, stop: () => client.close() }
  }
  const started: Answerer = await answerer(programs[name]())
  return { ...started, name, pid: await carrier(name, started.pid) }
}

/** The process that requests go through: a child of the one that was started, or itself. */
async function carrier(name: TargetName, pid: number): Promise<number> {
  if (name === 'nginx') return childrenOf(pid)[0]?.pid ?? pid
  return name === 'holdfast' ? edgeOf(pid) : pid
}

/** The process of Holdfast that requests go through: as the control API tells it, else by its command line. */
async function edgeOf(governor: number): Promise<number> {
  const response = await fetch('http://127.0.0.1:4791/api/v1/status')
  const { processes } = (await response.json()) as { processes?: { edge?: { pid?: number } } }
  if (processes?.edge?.pid) return processes.edge.pid
  const children = childrenOf(governor)
  return (children.find(({ command }) => command.includes('edge')) ?? children[0])?.pid ?? governor
}

/** As it is published: what runs from source holds the compiler as well. */
function build(): void {
  const { status, stdout } = spawnSync('npm', ['run', 'build'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`holdfast could not be built:\n${stdout}`)
}
