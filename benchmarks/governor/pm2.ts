import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { server } from './programs.ts'
import type { ReadyFile } from './ready-file.ts'
import type { Supervisor } from './supervisor.ts'

const run = promisify(execFile)

/** PM2 with a home of its own and no network; it is told what to do by its own command, as its users tell it. */
export async function pm2(ready: ReadyFile): Promise<Supervisor> {
  const home = join(ready.folder, 'pm2')
  const command = join(dirname(createRequire(import.meta.url).resolve('pm2/package.json')), 'bin/pm2')
  const env = {
    ...process.env,
    PM2_HOME: home,
    PM2_DISABLE_VERSION_CHECK: 'true',
    PM2_NO_INTERACTION: 'true',
    READY: ready.path,
  }
  const pm2 = (...args: string[]) => run(process.execPath, [command, ...args], { env, cwd: ready.folder })
  // Starts the daemon.
  await pm2('ping')
  const pid = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))
  return {
    name: 'pm2',
    ready,
    pid: () => pid,
    start(count) {
      const apps = Array.from({ length: count }, (_, n) => ({
        name: `s${n}`,
        script: server,
        interpreter: process.execPath,
        exec_mode: 'fork',
        max_restarts: 1_000_000,
      }))
      const file = join(ready.folder, 'ecosystem.json')
      writeFileSync(file, JSON.stringify({ apps }))
      return pm2('start', file)
    },
    stop: () => pm2('delete', 'all'),
    async end() {
      await pm2('kill')
      await gone(pid)
      ready[Symbol.dispose]()
    },
  }
}

async function gone(pid: number): Promise<void> {
  for (let round = 0; round < 200; round++) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await wait(25)
  }
  throw new Error(`the daemon of PM2 (pid ${pid}) is still there`)
}
