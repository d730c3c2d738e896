import { type ChildProcess, spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { delimiter, dirname } from 'node:path'
import type { Clock } from '@holdfast/policy'
import type { ExitCause } from './governor-event.ts'
import { pacedLines } from './output/paced-lines.ts'
import { withListenPid } from './process/listen-pid.ts'
import { runtimeEnvironment, type Surroundings } from './process/runtime-environment.ts'
import type { Service } from './service.ts'

/** One line that a service wrote, without its newline. */
export interface ServiceLine {
  readonly service: string
  /** Different for every process that is started for it: the last lines of one may come when the next has begun. */
  readonly run: string
  /** Which one wrote it, where the service is several processes. */
  readonly replica?: number
  readonly stream: 'stdout' | 'stderr'
  readonly line: string
}

export interface ChildOptions {
  readonly clock: Clock
  readonly run: string
  /** While a promise that it answers with is not settled, the pipe is read no further than 64 KiB. */
  readonly line: (line: ServiceLine) => unknown
  readonly spawned: (pid: number) => void
  readonly unspawned: (why: string) => void
  /** Takes what the child writes to its `NOTIFY_FD`, line by line; without it there is none. */
  readonly notified?: (text: string) => void
  /** Takes the means to let it in, for a spare, which then waits for that on its `HOLDFAST_SPARE_FD`. */
  readonly spare?: (admit: (replica: number) => void) => void
  readonly exited: (cause: ExitCause) => void
  /** The marks by which it is found again. */
  readonly marks?: Readonly<Record<string, string>>
  /** Where its output goes; without it to pipes, whose lines are given. */
  readonly output?: readonly [stdout: number, stderr: number] | undefined
}

/** How long output may still come after a child has exited, in ms: a process that left the group may hold the pipe. */
const drainWithin = 250

/**
 * Spawns the command of a service as the leader of a group of its own.
 *
 * Calls `spawned` and later `exited`, or only `unspawned`; never throws. Output is read as fast as `line` takes it and
 * never queued; what a child leaves in its pipe when it exits is given at once. Resolves when the child is gone and the
 * last line was given.
 */
export const child = (service: Service, options: ChildOptions): Promise<void> => {
  const { run, notified, spare, marks, output } = options
  const notifyAt = 3 + service.listen.length
  const spareAt = notifyAt + (notified ? 1 : 0)
  const { command, cwd, listen } = service
  let born: ChildProcess
  try {
    const env = {
      ...environment(service),
      ...marks,
      ...(notified && { NOTIFY_FD: String(notifyAt) }),
      ...(spare && { HOLDFAST_SPARE_FD: String(spareAt) }),
    }
    const [program = '', ...args] = listen.length > 0 ? withListenPid(command, { cwd, env }) : command
    born = spawn(program, args, {
      detached: true,
      env,
      stdio: [
        'ignore',
        output?.[0] ?? 'pipe',
        output?.[1] ?? 'pipe',
        ...listen.map(({ fd }) => fd),
        ...(notified ? ['pipe' as const] : []),
        ...(spare ? ['pipe' as const] : []),
      ],
      ...(cwd === undefined ? {} : { cwd }),
      ...identity(service),
    })
  } catch (error) {
    options.unspawned(reason(service, error as NodeJS.ErrnoException))
    return Promise.resolve()
  }
  const { pid, stdout, stderr } = born
  if (pid === undefined) {
    born.once('error', (error) => options.unspawned(reason(service, error)))
    return Promise.resolve()
  }
  // Without a listener a later 'error' (a signal that could not be sent) would end the governor.
  born.on('error', () => {})
  const written = (['stdout', 'stderr'] as const).flatMap((stream) => {
    const piped = born[stream]
    return piped
      ? pacedLines(piped, (line) => options.line({ service: service.name, run, stream, line }))
      : []
  })
  const notify = notified && (born.stdio[notifyAt] as Socket)
  if (notify) pacedLines(notify, notified)
  const door = spare && (born.stdio[spareAt] as Socket)
  // One that has died is told of by its exit, not by its door.
  door?.on('error', () => {}).resume()
  if (door) spare((replica) => door.end(`go ${replica}\n`))
  const drained = new Promise<void>((resolve) => {
    let cancel = () => {}
    born.once('exit', (code, signal) => {
      for (const each of written) each.hurry()
      door?.destroy()
      cancel = options.clock.after(drainWithin, () => {
        stdout?.destroy()
        stderr?.destroy()
        notify?.destroy()
      })
      options.exited({ code, signal })
    })
    born.once('close', () => {
      cancel()
      resolve()
    })
  })
  options.spawned(pid)
  return drained
}

const own = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'NOTIFY_FD',
  'NOTIFY_SOCKET',
  'HOLDFAST_REPLICA',
  'HOLDFAST_SPARE_FD',
]

/** As whom something is run for a service; of this process's own user when it says nothing. */
export const identity = ({ environment: { user } = {} }: Service): Surroundings['as'] =>
  user === undefined ? {} : runtimeEnvironment({ user }).as

/** The environment of what is run for a service. Throws `BAD_ENVIRONMENT` when it is not to be had. */
export const environment = ({ env, listen, environment: wanted }: Service): NodeJS.ProcessEnv => {
  const { given, set, unset, paths } = runtimeEnvironment(wanted)
  const merged = { ...process.env, ...given, ...env, ...set }
  // These are this service's own, not those the governor itself may have been given.
  for (const name of [...own, ...unset]) delete merged[name]
  return {
    ...merged,
    // `node` in a command is then the Node that runs Holdfast, unless the service has another.
    PATH: [...paths, dirname(process.execPath), merged['PATH']].filter(Boolean).join(delimiter),
    ...(listen.length === 0
      ? {}
      : { LISTEN_FDS: String(listen.length), LISTEN_FDNAMES: listen.map(({ port }) => port).join(':') }),
  }
}

const reason = ({ command, cwd }: Service, error: NodeJS.ErrnoException): string => {
  const program = `cannot start "${command[0]}"`
  // The system says ENOENT for the program when it is the folder that is missing.
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    return `${program}: the folder "${cwd}" does not exist (${error.code})`
  if (error.code === 'ENOENT') return `${program}: no such program (ENOENT)`
  if (error.code === 'EACCES') return `${program}: it may not be executed (EACCES)`
  return `${program}: ${error.message}`
}
