import { type Clock, systemClock } from '@holdfast/policy'
import type { ServiceLine } from '../child.ts'
import type { GovernorEvent } from '../governor-event.ts'
import { keptText } from './kept-line.ts'
import { pruneLogs } from './log-files.ts'
import type { LogKeep } from './rotating-file.ts'
import { type ServiceLog, serviceLog } from './service-log.ts'

/** What is told of the log of a service: that it cannot be written, or can again after so many lines were lost. */
export type LogEvent = Extract<GovernorEvent, { readonly type: `log.${string}` }>

export interface ServiceLogsOptions {
  /** Made when the first line comes; only its owner may read it. */
  readonly folder: string
  /** Asked again and again: it may change. */
  readonly keep: () => LogKeep
  readonly on?: (event: LogEvent) => void
  readonly clock?: Clock
  /** The wall clock, in ms since 1970. */
  readonly wall?: () => number
}

/** Keeps what services write, in a file each. */
export interface ServiceLogs extends AsyncDisposable {
  /** Keeps a line as it is: what is secret in it is to be hidden before. A promise that it answers with asks for a pause until it resolves; it never rejects. */
  write(line: ServiceLine): Promise<void> | undefined
}

/** How often it is looked for files that are too old, in ms, while anything is written. */
const pruneEvery = 3_600_000

/**
 * Keeps every line in `<folder>/<service>.log`, rotated to `.log.1`, `.log.2` and so on.
 *
 * A line is out at most one write after it was given, and when the process ends at the latest. A disk that is slow asks
 * the writers to pause; one that fails costs lines and stops nobody.
 */
export const serviceLogs = (options: ServiceLogsOptions): ServiceLogs => {
  const { folder, keep, on, clock = systemClock, wall = Date.now } = options
  const logs = new Map<string, ServiceLog>()
  let pruned = -Infinity
  let stamp = { at: Number.NaN, time: '' }

  const logOf = (service: string): ServiceLog => {
    const known = logs.get(service)
    if (known) return known
    const log = serviceLog({
      ...{ folder, service, keep, clock, wall },
      failed: (why) => on?.({ type: 'log.failed', service, why }),
      recovered: (lost) => on?.({ type: 'log.recovered', service, lost }),
    })
    logs.set(service, log)
    return log
  }
  const prune = () => {
    pruned = clock.now()
    try {
      pruneLogs(folder, wall() - keep().age)
    } catch {
      // What cannot be removed now is tried again; that nothing can be written is told when it is written.
    }
  }
  const rescue = () => {
    for (const log of logs.values()) log.rescue()
  }
  process.on('exit', rescue)
  prune()
  return {
    write: ({ service, stream, replica, line }) => {
      if (clock.now() - pruned > pruneEvery) prune()
      const at = wall()
      if (at !== stamp.at) stamp = { at, time: new Date(at).toISOString() }
      const { time } = stamp
      const text = keptText(replica === undefined ? { time, stream, line } : { time, stream, replica, line })
      return logOf(service).write(text)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...logs.values()].map((log) => log.close()))
      process.off('exit', rescue)
    },
  }
}
