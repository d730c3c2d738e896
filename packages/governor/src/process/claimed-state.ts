import { type Clock, systemClock } from '@holdfast/policy'
import { reapGroup } from '../process-group.ts'
import { cgroups } from './cgroups.ts'
import { clearPidFiles, type Run, readPidFiles } from './pid-file.ts'
import { stateLock } from './state-lock.ts'
import { sweeper } from './sweeper.ts'

/** A state directory that belongs to this process until it is released. */
export interface ClaimedState extends Disposable {
  readonly folder: string
  /** By this the processes of its services are known. */
  readonly governor: string
  /** What a killed governor left to be taken over, by service. A governor takes out what it takes over, or ends. */
  readonly left: Map<string, Run>
  /** The services of which a killed governor left something running that ended now. */
  readonly ended: readonly string[]
  /** Gives the directory to whoever wants it next; to be called when nothing runs any more. */
  release(): void
}

/**
 * Takes a state directory for this process, and kills what a killed governor left running there, as far as it should not live on.
 *
 * Nothing is killed that is not proven to be ours: by process id and start time, or by the mark in its environment. Rejects with
 * `ALREADY_RUNNING` while another governor lives there, and with `STATE_UNUSABLE`.
 */
export const claimState = async (folder: string, clock: Clock = systemClock): Promise<ClaimedState> => {
  const living = readPidFiles(folder).find((run) => run.lives)
  const { governor, release } = stateLock(folder, living?.unit.governor)
  try {
    const runs = readPidFiles(folder)
    const left = new Map<string, Run>()
    const ended = new Set<string>()
    const reaped: Promise<unknown>[] = []
    for (const run of runs) {
      const { service, onGovernorDeath } = run.unit
      if (run.lives && onGovernorDeath === 'adopt' && run.unit.governor === governor) left.set(service, run)
      else if (run.lives) {
        ended.add(service)
        reaped.push(new Promise((resolve) => reapGroup(run.pid, clock, resolve)))
      }
    }
    await Promise.all(reaped)
    const spared = new Set([...left.values()].map(({ unit }) => unit.run))
    for (const each of new Set([governor, ...runs.map(({ unit }) => unit.governor)])) {
      await cgroups({ governor: each, clock })?.end(({ run }) => !spared.has(run))
      await sweeper({ governor: each, clock }).end(({ unit }) => {
        if (!spared.has(unit.run)) ended.add(unit.service)
        return !spared.has(unit.run)
      })
    }
    clearPidFiles(folder, new Set(left.keys()))
    return { folder, governor, left, ended: [...ended], release, [Symbol.dispose]: release }
  } catch (error) {
    release()
    throw error
  }
}
