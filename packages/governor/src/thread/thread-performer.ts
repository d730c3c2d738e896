import type { Clock } from '@holdfast/policy'
import type { ServiceLine } from '../child.ts'
import type { GovernorEvent } from '../governor-event.ts'
import type { LifeEvent } from '../life/life.ts'
import type { OwnEffect, Performer } from '../loop/hands.ts'
import { attention } from '../probe/attention.ts'
import type { Probe } from '../probe/probe.ts'
import { reapWithin } from '../process-group.ts'
import { type Thread, thread } from './thread.ts'
import { ping, type ThreadService } from './thread-spec.ts'

export interface ThreadPerformerOptions {
  readonly clock: Clock
  readonly line: (line: ServiceLine) => unknown
  readonly announce: (event: GovernorEvent) => void
  readonly tell: (event: LifeEvent) => void
  /** The threads that run, by their number. */
  readonly threads: Map<number, Thread>
}

/** Does the effects of one service that is a thread, in the order in which they are given. */
export const threadPerformer = (
  service: ThreadService,
  { clock, line, announce, tell, threads }: ThreadPerformerOptions,
): Performer => {
  const draining = new Set<Promise<unknown>>()
  let run: Run | undefined

  const { env } = service
  const attending = attention({ clock, tell, about: { env: { ...process.env, ...env } } })
  const itself: Probe = (signal) => run?.thread.ping(signal) ?? Promise.reject(new Error('it does not run'))
  const asked = (probe: Probe): Probe => (probe === ping ? itself : probe)

  const spawn = ({ generation, replica = 1 }: Spawn) => {
    const which = replica > 1 || service.replicas > 1 ? { replica } : {}
    let born: Thread
    try {
      born = thread(service, {
        replica,
        line: (written) => {
          const answer = line({ ...written, ...which })
          attending.hear(generation, written.line, 'line')
          return answer
        },
        ready: () => attending.hear(generation, 'READY=1', 'notify'),
        exited: (cause) => {
          const { reaping = false } = run ?? {}
          run = undefined
          threads.delete(born.id)
          tell({ is: 'exited', generation, ...cause })
          if (reaping) tell({ is: 'gone', generation })
        },
      })
    } catch (error) {
      return tell({ is: 'unspawned', generation, why: `cannot start a thread: ${(error as Error).message}` })
    }
    const drained = born.drained.catch(() => {}).finally(() => draining.delete(drained))
    draining.add(drained)
    run = { generation, thread: born, drained, reaping: false }
    threads.set(born.id, born)
    tell({ is: 'spawned', generation, pid: born.id })
  }
  const reap = (generation: number) => {
    if (run?.generation !== generation) return tell({ is: 'gone', generation })
    if (run.reaping) return
    const reaped = run
    reaped.reaping = true
    reaped.thread.kill()
    // What blocks outside of JavaScript is not ended before it comes back.
    clock.after(reapWithin, () => {
      if (run !== reaped) return
      reaped.reaping = false
      draining.delete(reaped.drained)
      tell({ is: 'survived', generation })
    })
  }
  const perform = (effect: OwnEffect) => {
    switch (effect.do) {
      case 'spawn':
        return spawn(effect)
      case 'probe':
        return attending.probe(effect.generation, service.ready && asked(service.ready))
      case 'watch': {
        const { alive } = service
        if (alive) attending.watch(effect.generation, { ...alive, probe: asked(alive.probe) })
        return
      }
      case 'cancel-probe':
        return attending.cancel()
      case 'signal':
        return run?.thread.end()
      case 'reap':
        return reap(effect.generation)
      case 'wait':
        return attending.wait(effect.generation, effect.timer, effect.ms)
      case 'cancel-wait':
        return attending.cancelWait()
      case 'announce':
        return announce(effect.event)
      case 'admit':
        // There are no spares among threads.
        return
    }
  }
  return {
    perform,
    drained: () => Promise.all(draining),
    ask: (within) => {
      const probe = service.alive?.probe ?? service.ready
      return attending.ask(probe && asked(probe), within)
    },
    // Threads end with their process.
    abandon: () => {},
  }
}

type Spawn = OwnEffect & { readonly do: 'spawn' }

interface Run {
  readonly generation: number
  readonly thread: Thread
  readonly drained: Promise<unknown>
  reaping: boolean
}
