import type { Clock } from '@holdfast/policy'
import { child, environment, identity, type ServiceLine } from './child.ts'
import type { GovernorEvent } from './governor-event.ts'
import type { LifeEvent, Role } from './life.ts'
import type { OwnEffect, Performer } from './loop/hands.ts'
import { askOf } from './probe/ask.ts'
import { type Ear, type Probing, probe } from './probe/probe.ts'
import { watch } from './probe/watch.ts'
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
  let cancelWait = () => {}
  /** Which replica it is; undefined for a spare, and then how it is let in. */
  let replica: number | undefined
  let admit = (_: number) => {}
  /** The generation that was taken over when it was ready already. */
  let wasReady: number | undefined
  let probing: (Probing & { readonly generation: number }) | undefined

  const about = { cwd: service.cwd, env: environment({ ...service, listen: [] }), ...identity(service) }
  const hear = (generation: number, text: string, from: Ear) => {
    // The last lines of an earlier child may still come while the next one starts.
    if (probing?.generation === generation) probing.heard(text, from)
  }
  const spawn = ({ generation, role, ...as }: Spawn) => {
    replica = as.replica
    const heard = (written: ServiceLine) => {
      const which = replica !== undefined && (replica > 1 || known.replicas > 1) ? { replica } : {}
      const answer = line({ ...written, service: known.name, ...which })
      hear(generation, written.line, 'line')
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
        notifies(service) && { notified: (text: string) => hear(generation, text, 'notify') }),
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
      case 'probe': {
        const { generation } = effect
        const found = () => {
          traces.ready(service)
          tell({ is: 'probed', generation })
        }
        // What it once said to be ready it will not say again.
        const ready = generation === wasReady ? undefined : service.ready
        probing = { generation, ...probe(ready, { clock, about, found }) }
        return
      }
      case 'watch': {
        const { generation } = effect
        const checked = (why?: string) => tell({ is: 'checked', generation, why })
        if (service.alive) probing = { generation, ...watch(service.alive, { clock, about, checked }) }
        return
      }
      case 'cancel-probe':
        probing?.cancel()
        probing = undefined
        return
      case 'signal':
        signalGroup(effect.pid, effect.signal)
        drain(traces.signalStrays(service, effect.signal))
        return
      case 'reap':
        return reap(effect.generation, effect.pid)
      case 'wait': {
        const { generation, timer, ms } = effect
        cancelWait()
        cancelWait = clock.after(ms, () => tell({ is: 'waited', generation, timer }))
        return
      }
      case 'cancel-wait':
        return cancelWait()
      case 'announce':
        return announce(effect.event)
    }
  }
  const ask = (within: number) =>
    new Promise<string | undefined>((resolve) => {
      const probed = service.alive?.probe ?? service.ready
      const asking = probed && askOf(probed, about)
      if (!asking) return resolve(undefined)
      const answer = (flaw?: string) => {
        forget()
        resolve(flaw)
      }
      const hangUp = asking.once(answer, { clock, within: within * 2 })
      const forget = clock.after(within, () => {
        hangUp()
        resolve(undefined)
      })
    })
  const drained = () => {
    traces.hurry()
    return Promise.all(draining)
  }
  const abandon = (group: number) => {
    if (service.onGovernorDeath === 'kill') signalGroup(group, 'SIGKILL')
  }
  return { perform, drained, ask, abandon }
}

type Spawn = OwnEffect & { readonly do: 'spawn' }

const commandOf = (service: Service, role: Role): Service =>
  role === 'command' ? service : { ...service, command: service[role]!, listen: [] }

const notifies = ({ ready, alive }: Service): boolean =>
  [ready, alive?.probe].some((probe) => probe !== undefined && 'notify' in probe)
