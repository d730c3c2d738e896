import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ServiceSpec } from '../service.ts'

/** A process of its own that governs services in a state directory, says `pid <service> <pid>` for what is ready, and passes lines on. */
export interface GoverningProcess {
  readonly process: ChildProcess
  /** Resolves with the first line said, now or later, that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  /** Kills the governor, and it alone, with SIGKILL. */
  kill(): Promise<void>
  /** Stops all services; resolves when the process has left by itself. */
  stop(): Promise<void>
}

/** Starts services under a governor that can be killed, and that ends with the test when it is given `onTestFinished`. */
export const governingProcess = (
  services: readonly ServiceSpec[],
  stateDir: string,
  atEnd: (clean: () => void) => void,
): GoverningProcess => {
  const program = `
    import { claimState, processGovernor } from ${JSON.stringify(import.meta.resolve('../index.ts'))}
    const state = await claimState(${JSON.stringify(stateDir)})
    const g = processGovernor({ services: ${JSON.stringify(services)}, state, log: ({ line }) => console.log(line) })
    g.on((event) => {
      if (event.type === 'service.ready')
        console.log('pid ' + event.service + ' ' + g.status().find(({ name }) => name === event.service).pid)
      else console.log(JSON.stringify(event))
    })
    process.stdin.once('data', async () => {
      await g.stop()
      state.release()
      process.exit()
    })
    await g.start()
    console.log('all started')`
  const args = ['--conditions=@holdfast/source', '--input-type=module', '-e', program]
  const born = spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const said: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: born.stdout }).on('line', (line) => {
    said.push(line)
    for (const each of [...waiting]) each()
  })
  const exit = once(born, 'exit')
  atEnd(() => void born.kill('SIGKILL'))
  return {
    process: born,
    line: (pattern) =>
      new Promise((resolve) => {
        const look = () => {
          const found = said.map((line) => pattern.exec(line)).find((match) => match !== null)
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    kill: async () => {
      born.kill('SIGKILL')
      await exit
    },
    stop: async () => {
      born.stdin.write('stop\n')
      await exit
    },
  }
}
