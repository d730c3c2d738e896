import type { Clock } from '@holdfast/policy'
import { child, type ServiceLine } from './child.ts'
import type { GovernorEvent } from './governor-event.ts'
import type { Effect, LifeEvent } from './life.ts'
import { type Probing, probe } from './probe.ts'
import { reapGroup, signalGroup } from './process-group.ts'
import type { Service } from './service.ts'

export interface PerformerOptions {
  readonly clock: Clock
  /** A promise that it answers with slows the service down. */
  readonly line: (line: ServiceLine) => unknown
  readonly announce: (event: GovernorEvent) => void
  /** Takes what an effect set going reports, now or later. */
  readonly tell: (event: LifeEvent) => void
}

/** The hands of one service: they carry out what its lifecycle decided, and decide nothing. */
export interface Performer {
  perform(effect: Effect): void
  /** Resolves when every line that the children wrote was given out. */
  drained(): Promise<unknown>
}

/** Does the effects of one service, in the order in which they are given. */
export const performer = (service: Service, { clock, line, announce, tell }: PerformerOptions): Performer => {
  const draining = new Set<Promise<void>>()
  const reaping = new Set<number>()
  let cancelWait = () => {}
  let probing: (Probing & { readonly generation: number }) | undefined

  const spawn = (generation: number) => {
    const drained = child(service, {
      clock,
      line: (written) => {
        const answer = line(written)
        // The last lines of an earlier child may still come while the next one starts.
        if (probing?.generation === generation) probing.line(written.line)
        return answer
      },
      spawned: (pid) => tell({ is: 'spawned', generation, pid }),
      unspawned: (why) => tell({ is: 'unspawned', generation, why }),
      exited: (cause) => tell({ is: 'exited', generation, ...cause }),
    })
    draining.add(drained)
    void drained.then(() => draining.delete(drained))
  }
  const reap = (generation: number, pid: number) => {
    if (reaping.has(generation)) return
    reaping.add(generation)
    reapGroup(pid, clock, (gone) => {
      reaping.delete(generation)
      tell({ is: gone ? 'gone' : 'survived', generation })
    })
  }
  const perform = (effect: Effect) => {
    switch (effect.do) {
      case 'spawn':
        return spawn(effect.generation)
      case 'probe': {
        const { generation } = effect
        const found = () => tell({ is: 'probed', generation })
        probing = { generation, ...probe(service.ready, { clock, found }) }
        return
      }
      case 'cancel-probe':
        probing?.cancel()
        probing = undefined
        return
      case 'signal':
        signalGroup(effect.pid, effect.signal)
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
  return { perform, drained: () => Promise.all(draining) }
}
