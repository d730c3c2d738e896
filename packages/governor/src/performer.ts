import type { Clock } from '@holdfast/policy'
import { child, environment, identity, type ServiceLine } from './child.ts'
import type { GovernorEvent } from './governor-event.ts'
import type { LifeEvent, Role } from './life/life.ts'
import type { OwnEffect, Performer } from './loop/hands.ts'
import { attention } from './probe/attention.ts'
import type { KeptOutput } from './process/kept-output.ts'
import type { Traces } from './process/traces.ts'
import { watchAdopted } from './process/watch-adopted.ts'
import { reapGroup, signalGroup } from './process-group.ts'
import type { Service } from './service.ts'

export interface PerformerOptions {
  readonly clock: Clock
  /** A promise that it answers with slows the service down. */
  readonly line: (line: ServiceLine) => unknown
  readonly announce: (event: GovernorEvent) => void
  readonly traces: Traces
  /** By what the process is known. */
  readonly id: string
  /** Takes what an effect set going reports, now or later. */
  readonly tell: (event: LifeEvent) => void
}

/** Does the effects of one service that is a process, in the order in which they are given. */
export const performer = (
  known: Service,
  { clock, line, announce, id, tell, traces }: PerformerOptions,
): Performer => {
  const service: Service = { ...known, name: id }
  const draining = new Set<Promise<unknown>>()
  const drain = (ending: Promise<unknown>) => {
    const ended = ending.catch(() => {}).finally(() => draining.delete(ended))
    draining.add(ended)
  }
  const reaping = new Set<number>()
  /** Which replica it is; undefined for a spare, and then how it is let in. */
  let replica: number | undefined
  let admit = (_: number) => {}
  /** The generation that was taken over when it was ready already. */
  let wasReady: number | undefined

  const attending = attention({
    clock,
    about: { cwd: service.cwd, env: environment({ ...service, listen: [] }), ...identity(service) },
    tell: (event) => {
      if (event.is === 'probed') traces.ready(service)
      tell(event)
    },
  })
  const spawn = ({ generation, role, ...as }: Spawn) => {
    replica = as.replica
    const heard = (written: ServiceLine) => {
      const which = replica !== undefined && (replica > 1 || known.replicas > 1) ? { replica } : {}
      const answer = line({ ...written, service: known.name, ...which })
      attending.hear(generation, written.line, 'line')
      return answer
    }
    const spawned = (pid: number) => tell({ is: 'spawned', generation, pid })
    const adopted = role === 'command' ? traces.adopt(service) : undefined
    if (adopted) {
      wasReady = adopted.ready ? generation : wasReady
      const output = traces.output(adopted.unit, heard)
      spawned(adopted.pid)
      return watchAdopted(adopted, clock, () => {
        if (output) drain(output.finish())
        tell({ is: 'exited', generation, code: null, signal: null })
      })
    }
    const { unit, env } = traces.begin(service, role === 'command' ? role : 'beside')
    // Nothing is to be prepared for what runs already.
    const idle = role === 'before' && traces.awaits(service)
    let output: KeptOutput | undefined
    try {
      output = traces.output(unit, heard)
    } catch (error) {
      return tell({ is: 'unspawned', generation, why: `its output cannot be kept: ${error}` })
    }
    const drained = child(idle ? { ...service, command: ['true'] } : commandOf(service, role), {
      clock,
      run: unit.run,
      line: heard,
      marks: { ...env, ...(replica !== undefined && { HOLDFAST_REPLICA: String(replica) }) },
      output: output?.fds,
      ...(role === 'command' &&
        notifies(service) && { notified: (text: string) => attending.hear(generation, text, 'notify') }),
      ...(role === 'command' &&
        replica === undefined && {
          spare: (door: typeof admit) => {
            admit = door
          },
        }),
      spawned: (pid) => {
        traces.born(service, pid)
        spawned(pid)
      },
      unspawned: (why) => tell({ is: 'unspawned', generation, why }),
      exited: (cause) => tell({ is: 'exited', generation, ...cause }),
    })
    drain(drained.then(() => output?.finish()))
  }
  const reap = (generation: number, pid: number) => {
    if (reaping.has(generation)) return
    reaping.add(generation)
    reapGroup(pid, clock, (gone) => {
      reaping.delete(generation)
      if (gone) traces.gone(service)
      tell({ is: gone ? 'gone' : 'survived', generation })
      // What left the group is ended while the next run boots.
      if (gone) drain(traces.endStrays(service))
    })
  }
  const perform = (effect: OwnEffect) => {
    switch (effect.do) {
      case 'spawn':
        return spawn(effect)
      case 'admit':
        replica = effect.replica
        return admit(replica)
      case 'probe':
        // What it once said to be ready it will not say again.
        return attending.probe(effect.generation, effect.generation === wasReady ? undefined : service.ready)
      case 'watch':
        if (service.alive) attending.watch(effect.generation, service.alive)
        return
      case 'cancel-probe':
        return attending.cancel()
      case 'signal':
        signalGroup(effect.pid, effect.signal)
        drain(traces.signalStrays(service, effect.signal))
        return
      case 'reap':
        return reap(effect.generation, effect.pid)
      case 'wait':
        return attending.wait(effect.generation, effect.timer, effect.ms)
      case 'cancel-wait':
        return attending.cancelWait()
      case 'announce':
        return announce(effect.event)
    }
  }
  const drained = () => {
    traces.hurry()
    return Promise.all(draining)
  }
  const abandon = (group: number) => {
    if (service.onGovernorDeath === 'kill') signalGroup(group, 'SIGKILL')
  }
  const ask = (within: number) => attending.ask(service.alive?.probe ?? service.ready, within)
  return { perform, drained, ask, abandon }
}

type Spawn = OwnEffect & { readonly do: 'spawn' }

const commandOf = (service: Service, role: Role): Service =>
  role === 'command' ? service : { ...service, command: service[role]!, listen: [] }

const notifies = ({ ready, alive }: Service): boolean =>
  [ready, alive?.probe].some((probe) => probe !== undefined && 'notify' in probe)
