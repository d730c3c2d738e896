import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** The other end of a wire, as a process that can be ill-treated. It keeps its address for as long as the test lasts, whether it runs or not. */
export interface Peer extends AsyncDisposable {
  /** Resolves when it answers. Fails if it runs already. */
  start(): Promise<void>
  /** Ends it as `kill -9` does; resolves when it is gone. */
  kill(): Promise<void>
  /** It keeps its connections and says nothing (SIGSTOP), until it is thawed. */
  freeze(): void
  thaw(): void
}

export interface PeerCommand {
  /** A program of ours to run with this Node, and its arguments. */
  readonly run: readonly [file: string, ...args: string[]]
  readonly env?: Readonly<Record<string, string>>
}

/** A peer that says `ready` on a line of its own when it answers; what it writes to stderr is shown. */
export function peerProcess({ run, env = {} }: PeerCommand): Peer {
  let child: ChildProcess | undefined
  const kill = async (): Promise<void> => {
    const gone = child
    child = undefined
    if (gone === undefined || gone.exitCode !== null || gone.signalCode !== null) return
    const exited = once(gone, 'exit')
    gone.kill('SIGKILL')
    await exited
  }
  return {
    async start() {
      if (child !== undefined) throw new Error('This peer runs already: kill it first.')
      const started = spawn(process.execPath, ['--conditions=@holdfast/source', ...run], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...env },
      })
      child = started
      const lines = createInterface(started.stdout!)
      const ready = (async () => {
        for await (const line of lines) if (line === 'ready') return
        throw new Error('The peer ended before it was ready; what it wrote stands above.')
      })()
      await ready
      started.stdout!.resume()
    },
    kill,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  }
}
