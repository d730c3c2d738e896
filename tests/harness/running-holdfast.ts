import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Status } from '@holdfast/runtime'

const root = join(import.meta.dirname, '../..')
const command = join(root, 'packages/cli/bin/holdfast.cjs')

/** The provider of the quickstart, as a command line for a holdfast.yaml. */
export const providerScript = join(root, 'examples/quickstart/provider.ts')

/** Runs `holdfast` with arguments to its end. */
export async function holdfast(
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [command, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

export interface RunningHoldfast extends AsyncDisposable {
  readonly child: ChildProcess
  readonly folder: string
  /** All lines so far. */
  readonly lines: readonly string[]
  /** Resolves with the first line, or the `count`th, past or future, that matches. */
  line(pattern: RegExp, count?: number): Promise<string>
  status(): Promise<Status>
  /** Sends the signal and resolves with the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** A real `holdfast up`, with these flags, in a folder of its own, once it says where the gateway is. */
export async function runningHoldfast(
  yaml: string,
  control: number,
  flags: readonly string[] = [],
): Promise<RunningHoldfast> {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'holdfast.yaml'), yaml)
  const child = spawn(process.execPath, [command, 'up', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  const exited = once(child, 'close') as Promise<[number | null]>
  const lines: string[] = []
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const look of waiting) look()
    })
  }
  const line = (pattern: RegExp, count = 1): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.filter((each) => pattern.test(each))[count - 1]
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
      exited.then(() => reject(new Error(`ended before it said ${pattern}:\n${lines.join('\n')}`)))
    })
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const [code] = await exited
    return code
  }
  await line(/gateway http:/)
  return {
    child,
    folder,
    lines,
    line,
    end,
    status: async () => (await (await fetch(`http://127.0.0.1:${control}/api/v1/status`)).json()) as Status,
    async [Symbol.asyncDispose]() {
      await end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A new folder, removed by whoever asked for it. */
export function scratchFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-test-')))
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Whether a process lives. One that is dead and only waits for its parent to notice does not. */
export function lives(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}
