import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '@holdfast/policy'
import type { ServiceLine } from '../child.ts'
import type { GovernorEvent } from '../governor-event.ts'
import { reapGroup } from '../process-group.ts'
import type { Service } from '../service.ts'
import { cgroups } from './cgroups.ts'
import type { ClaimedState } from './claimed-state.ts'
import { type KeptOutput, keptOutput, keptRuns, removeOutput } from './kept-output.ts'
import { lastWill } from './last-will.ts'
import { type Run, removePidFile, writePidFile } from './pid-file.ts'
import { mark } from './process-mark.ts'
import { sweeper } from './sweeper.ts'
import { type Unit, unitValue, unitVariable } from './unit.ts'

/*
 * All by which the processes of services are found again: the mark in their environment, their PID files, the last will,
 * control groups, and the output of those that outlive their governor.
 *
 * I1  Every process is started with a mark that no other run has; what carries the mark of a service but not that of its
 *     present run is a stray, and is ended.
 * I2  Once a run is gone its PID file is, and the last will no longer names it.
 * I3  What a killed governor left is taken over only by the service it was, and only once.
 */

export interface TracesOptions {
  readonly state: ClaimedState | undefined
  readonly clock: Clock
  readonly announce: (event: GovernorEvent) => void
  readonly line: (line: ServiceLine) => unknown
  /** How control groups are made; by default where they may be. */
  readonly control?: typeof cgroups
}

/** What a service is to be started with. */
export interface Birth {
  readonly unit: Unit
  readonly env: Readonly<Record<string, string>>
}

export interface Traces {
  /** Ends what a killed governor left and that none of these services takes over, and gives out what it said last. */
  settle(services: readonly Service[]): Promise<void>
  /** Whether a killed governor left a run of this service that nobody took over yet. */
  awaits(service: Service): boolean
  /** The run that a killed governor left of this service, which is then the present one. */
  adopt(service: Service): Run | undefined
  /** Makes a run the present one of its service; what is run beside its command never outlives the governor. */
  begin(service: Service, role: 'command' | 'beside'): Birth
  /** Where the output of a run goes that may outlive this process; undefined for one that may not. */
  output(unit: Unit, line: (line: ServiceLine) => unknown): KeptOutput | undefined
  born(service: Service, pid: number): void
  ready(service: Service): void
  gone(service: Service): void
  /** Sends a signal to what left the process group of the present run. */
  signalStrays(service: Service, signal: NodeJS.Signals): Promise<void>
  /** Kills what is not of the present run, and resolves when nothing of it is left, or says that it survived. */
  endStrays(service: Service): Promise<void>
  /** To be called when somebody waits for `endStrays`. */
  hurry(): void
  /** Resolves when nothing of this governor's own is left running; to be called when no service runs. */
  rest(): Promise<void>
}

/** Keeps the traces of one governor's services. */
export const traces = ({ state, clock, announce, line, control = cgroups }: TracesOptions): Traces => {
  const governor = state?.governor ?? randomBytes(12).toString('hex')
  const sweep = sweeper({ governor, clock })
  const groups = control({ governor, clock })
  const failed = (why: unknown) => announce({ type: 'record.failed', why: String(why) })
  const will = lastWill({ governor, cgroup: groups?.folder, failed })
  const present = new Map<string, Run | { readonly unit: Unit }>()
  const nonce = randomBytes(4).toString('hex')
  let births = 0

  const onDisk = (act: (folder: string) => void) => {
    if (!state) return
    try {
      act(state.folder)
    } catch (error) {
      failed(error)
    }
  }
  const isStray = ({ service, run }: Unit) =>
    present.get(service)?.unit.run !== run && state?.left.get(service)?.unit.run !== run

  return {
    settle: async (services) => {
      if (!state) return
      const byName = new Map(services.map((service) => [service.name, service]))
      const strange = [...state.left.values()].filter(({ unit, spec }) => {
        const service = byName.get(unit.service)
        return service?.onGovernorDeath !== 'adopt' || specOf(service, governor) !== spec
      })
      for (const { unit } of strange) state.left.delete(unit.service)
      await Promise.all(strange.map(({ pid }) => new Promise((resolve) => reapGroup(pid, clock, resolve))))
      await groups?.end(isStray)
      if (strange.length > 0) await sweep.end(({ unit }) => isStray(unit))
      for (const { unit } of strange) onDisk((folder) => removePidFile(folder, unit.service))
      try {
        for (const unit of keptRuns(state.folder)) {
          if (state.left.get(unit.service)?.unit.run === unit.run) continue
          if (byName.has(unit.service)) await keptOutput({ folder: state.folder, unit, clock, line }).finish()
          else removeOutput(state.folder, unit)
        }
      } catch (error) {
        failed(error)
      }
    },
    awaits: ({ name }) => state?.left.has(name) ?? false,
    adopt: ({ name }) => {
      const run = state?.left.get(name)
      if (!run) return undefined
      present.set(name, run)
      state?.left.delete(name)
      // What ran before it may have had its PID file.
      onDisk((folder) => writePidFile(folder, run))
      return run
    },
    begin: (service, role) => {
      births += 1
      const { name } = service
      const onGovernorDeath = role === 'command' ? service.onGovernorDeath : 'kill'
      const unit = { governor, onGovernorDeath, service: name, run: `${nonce}-${births}` }
      present.set(name, { unit })
      return { unit, env: { [unitVariable]: unitValue(unit, process.env[unitVariable]) } }
    },
    output: (unit, line) =>
      state && unit.onGovernorDeath === 'adopt'
        ? keptOutput({ folder: state.folder, unit, clock, line })
        : undefined,
    born: (service, pid) => {
      const { unit } = present.get(service.name)!
      const marked = mark(pid)
      if (!marked) return
      if (unit.onGovernorDeath === 'kill') will.add(marked)
      const run: Run = { ...marked, unit, spec: specOf(service, governor), ready: false }
      present.set(service.name, run)
      onDisk((folder) => writePidFile(folder, run))
    },
    ready: ({ name }) => {
      const run = present.get(name)
      if (!run || !('pid' in run) || run.ready) return
      // Only now: to move a process to another group costs it several ms of its start.
      groups?.enter(run.unit, run.pid)
      if (run.unit.onGovernorDeath !== 'adopt') return
      present.set(name, { ...run, ready: true })
      onDisk((folder) => writePidFile(folder, { ...run, ready: true }))
    },
    gone: ({ name }) => {
      const run = present.get(name)
      present.delete(name)
      if (!run || !('pid' in run)) return
      will.remove(run.pid)
      onDisk((folder) => removePidFile(folder, name))
    },
    signalStrays: ({ name }, signal) =>
      sweep.signal(({ unit, group }) => {
        const run = present.get(name)
        return unit.service === name && !(run && 'pid' in run && run.pid === group)
      }, signal),
    endStrays: async ({ name }) => {
      await groups?.end((unit) => unit.service === name && isStray(unit))
      const survivors = await sweep.end(({ unit }) => unit.service === name && isStray(unit))
      if (survivors.length === 0) return
      const why = `processes that left its group survive SIGKILL: ${survivors.join(', ')}`
      announce({ type: 'service.failed', service: name, why })
    },
    hurry: sweep.hurry,
    rest: async () => {
      // First, and at once: a start may follow while the rest is waited for.
      const revoked = will.revoke()
      await groups?.end(() => false)
      await revoked
    },
  }
}

// Salted with what is random, since the environment of a service may hold secrets.
const specOf = ({ command, cwd, environment, env }: Service, salt: string): string =>
  createHash('sha256')
    .update(JSON.stringify([salt, command, cwd, environment, env]))
    .digest('hex')
    .slice(0, 32)
