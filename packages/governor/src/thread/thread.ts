import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ServiceLine } from '../child.ts'
import type { Death, ExitCause } from '../governor-event.ts'
import { pacedLines } from '../output/paced-lines.ts'
import type { Usage } from '../process-usage.ts'
import { threadArguments } from './thread-arguments.ts'
import type { FromThread, ThreadStart, ToThread } from './thread-message.ts'
import type { ThreadService } from './thread-spec.ts'

export interface ThreadOptions {
  /** Which one of its service it is, from 1. */
  readonly replica: number
  /** While a promise that it answers with is not settled, the output is read no further than 64 KiB. */
  readonly line: (line: ServiceLine) => unknown
  readonly ready: () => void
  readonly exited: (cause: ExitCause) => void
}

/** A thread that runs a handler. */
export interface Thread {
  /** Of all threads that this process ever has. */
  readonly id: number
  /** Resolves when its event loop answers; rejects when the signal is aborted first. */
  ping(signal: AbortSignal): Promise<void>
  /** Asks it to end. */
  end(): void
  /** Ends it, wherever it is. */
  kill(): void
  /** What it uses: its heap and what hangs on it in bytes, seconds of CPU. One that hangs may never answer. */
  usage(): Promise<Usage>
  /** Resolves when it is gone and its last line was given. */
  readonly drained: Promise<unknown>
}

const execArgv = threadArguments(process.execArgv)
const program = new URL('thread-program.mjs', import.meta.url)

/** Starts a thread for a handler; calls `exited` once it is gone, and not before this returns. Throws when there can be none. */
export const thread = (service: ThreadService, { replica, line, ready, exited }: ThreadOptions): Thread => {
  const { name, command, data, env, listen, resourceLimits } = service
  const start: ThreadStart = { module: command[0]!, data, sockets: listen.map(({ fd }) => fd) }
  const worker = new Worker(program, {
    name,
    workerData: start,
    env: { ...process.env, ...env, HOLDFAST_REPLICA: String(replica) },
    ...(execArgv && { execArgv }),
    resourceLimits,
    stdout: true,
    stderr: true,
  })
  const id = worker.threadId
  const asked = new Map<number, () => void>()
  let asks = 0
  let of: 'exception' | 'rejection' = 'exception'
  let error: { readonly thrown: unknown } | undefined
  let killed = false

  const say = (message: ToThread) => worker.postMessage(message)
  const give = (stream: ServiceLine['stream']) => (text: string) => {
    const written = { service: name, run: `thread ${id}`, stream, line: text }
    return line(written)
  }
  const written = [pacedLines(worker.stdout, give('stdout')), pacedLines(worker.stderr, give('stderr'))]
  worker
    .on('message', (message: FromThread | undefined) => {
      if (message?.holdfast === 'ready') ready()
      if (message?.holdfast === 'pong') asked.get(message.id)?.()
      if (message?.holdfast === 'dying') of = message.of
    })
    .on('messageerror', () => {})
    .once('error', (thrown: unknown) => {
      error = { thrown }
      // A process prints what it dies of; of a thread nobody else does.
      const told = thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown)
      for (const text of told.split('\n')) give('stderr')(text)
    })
    .once('exit', (code) => {
      for (const each of written) each.hurry()
      // Only now: what it said last may come after its error.
      const death = error ? deathOf(error.thrown, of) : killed ? terminated : undefined
      exited({ code: death ? null : code, signal: null, ...(death && { death }) })
    })
  return {
    id,
    ping: (signal) =>
      new Promise((resolve, reject) => {
        const ask = ++asks
        const over = () => {
          asked.delete(ask)
          reject(new Error('its event loop does not turn'))
        }
        asked.set(ask, () => {
          signal.removeEventListener('abort', over)
          asked.delete(ask)
          resolve()
        })
        signal.addEventListener('abort', over, { once: true })
        say({ holdfast: 'ping', id: ask })
      }),
    end: () => say({ holdfast: 'stop' }),
    kill: () => {
      killed = true
      void worker.terminate()
    },
    usage: async () => {
      const [heap, cpu] = await Promise.all([worker.getHeapStatistics(), worker.cpuUsage?.()])
      return {
        memory: heap.total_heap_size + heap.external_memory + heap.malloced_memory,
        cpu: cpu ? (cpu.user + cpu.system) / 1e6 : 0,
      }
    },
    drained: Promise.all([worker.stdout, worker.stderr].map((stream) => once(stream, 'close'))),
  }
}

const terminated: Death = { is: 'terminated', why: 'terminated' }

const deathOf = (error: unknown, of: 'exception' | 'rejection'): Death => {
  if ((error as NodeJS.ErrnoException)?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return { is: 'out-of-memory', why: 'ran out of memory' }
  const text = String(error).split('\n', 1)[0]!.slice(0, 300)
  return of === 'rejection'
    ? { is: 'rejected', why: `left a rejection unhandled: ${text}` }
    : { is: 'threw', why: `threw ${text}` }
}
