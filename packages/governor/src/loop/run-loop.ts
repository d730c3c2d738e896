import type { Clock, Random } from '@holdfast/policy'
import type { Life, LifeEvent } from '../life.ts'
import { isUp } from '../life-moves.ts'
import { step, unborn } from '../lifecycle.ts'
import type { Service } from '../service.ts'
import { touched } from '../strategy.ts'
import { type Departure, turns } from '../turns.ts'
import { weighing } from '../weighing.ts'
import type { Hands, Performer } from './hands.ts'

export interface RunLoopOptions<S extends Service> {
  readonly hands: Hands<S>
  readonly clock: Clock
  readonly random: Random
  /** The wall clock, in ms since 1970. */
  readonly wall: () => number
  readonly weighEvery: number
}

export interface RunLoop<S extends Service> {
  /** All services, in their order. */
  readonly lives: ReadonlyMap<string, Life>
  /** Services that somebody wants to run, also some that are not there yet. */
  readonly wanted: Set<string>
  /** The services as they were taken on. */
  services(): readonly S[]
  performer(name: string): Performer | undefined
  /** Hands an event to the life of a service. */
  tell(name: string, event: LifeEvent): void
  /** Somebody asks for a service; what its group is about to do with it is not undone by that. */
  want(name: string): void
  /** These shall end, each when it is its turn. */
  dismiss(names: readonly string[]): void
  /** Whether one still has to end. */
  isLeaving(name: string): boolean
  /** Takes a service on, at rest, in place of one of its name that is at rest. */
  take(service: S): void
  forget(name: string): void
  /** Puts these first, in this order. */
  order(names: readonly string[]): void
  /** Resolves with the answer of `look` once it has one; it looks again after every turn of the loop. */
  until<T>(look: () => T | undefined): Promise<T>
}

/*
 * One loop owns all state. What happens becomes an event in its queue; for each, `step` decides and a performer acts.
 *
 * I1  A life changes in the loop only, one event at a time; an event told during a step waits for its turn.
 * I2  A service is started only when all that it needs is ready, and dismissed with others only after all that need it.
 * I3  What a performer starts is never left to nobody: as long as anything runs, the end of this process ends it.
 * I4  What an earlier service of the same name still reports does not count.
 */

/** Runs the lives of services. */
export const runLoop = <S extends Service>(options: RunLoopOptions<S>): RunLoop<S> => {
  const { hands, clock, random, wall, weighEvery } = options
  const lives = new Map<string, Life>()
  const taken = new Map<string, { readonly service: S; readonly performer: Performer }>()
  const wanted = new Set<string>()
  const leaving = new Map<string, Departure>()
  const waiters = new Set<() => void>()
  const queue: { readonly name: string; readonly event: LifeEvent }[] = []
  let looping = false

  const tell = (name: string, event: LifeEvent) => {
    queue.push({ name, event })
    loop()
  }

  const loop = () => {
    if (looping) return
    looping = true
    try {
      do {
        for (let next = queue.shift(); next; next = queue.shift()) take(next.name, next.event)
        giveTurns()
      } while (queue.length > 0)
    } finally {
      looping = false
    }
    weigh()
    for (const waiter of [...waiters]) waiter()
  }

  const take = (name: string, event: LifeEvent) => {
    const before = lives.get(name)
    if (!before) return
    const { life, effects } = step(before, event, { at: clock.now(), wall: wall(), chance: random() })
    lives.set(name, life)
    if (life.run !== before.run) remember()
    for (const effect of effects)
      if (effect.do === 'group') tellGroup(name, effect.event)
      else taken.get(name)!.performer.perform(effect)
  }

  /** The others of a group end with the one that fell, in turn. */
  const tellGroup = (name: string, event: Departure['event']) => {
    for (const other of touched(name, lives)) {
      const life = lives.get(other)!
      const { is } = life.state
      if (leaving.get(other)?.event.is === 'stop') continue
      if (event.is === 'join' ? !isUp(life) : is === 'stopped' || is === 'done' || is === 'failed') continue
      if (event.is === 'stop') wanted.delete(other)
      leaving.set(other, { is: 'asked', event })
    }
  }

  const giveTurns = () => {
    const { tell: told, left } = turns(lives, leaving)
    for (const name of left) leaving.delete(name)
    for (const turn of told) {
      const departure = leaving.get(turn.name)
      if (departure) leaving.set(turn.name, { ...departure, is: 'told' })
      queue.push(turn)
    }
  }
  const weigh = weighing({ clock, every: weighEvery, usage: hands.usage, lives, tell })

  const remember = () => {
    process.off('exit', abandon)
    if ([...lives.values()].some((life) => life.run)) process.on('exit', abandon)
  }
  const abandon = () => {
    for (const [name, { run }] of lives) if (run) taken.get(name)!.performer.abandon(run.pid)
  }

  return {
    lives,
    wanted,
    services: () => [...taken.values()].map(({ service }) => service),
    performer: (name) => taken.get(name)?.performer,
    tell,
    want: (name) => {
      wanted.add(name)
      if (leaving.get(name)?.event.is === 'stop') leaving.delete(name)
    },
    dismiss: (names) => {
      for (const name of names) {
        wanted.delete(name)
        leaving.set(name, { is: 'asked', event: { is: 'stop' } })
      }
      loop()
    },
    isLeaving: (name) => leaving.has(name),
    take: (service) => {
      const { name } = service
      const performer = hands.performer(service, (event) => {
        if (taken.get(name)?.performer === performer) tell(name, event)
      })
      lives.set(name, unborn(service, clock.now()))
      taken.set(name, { service, performer })
    },
    forget: (name) => {
      lives.delete(name)
      taken.delete(name)
      wanted.delete(name)
    },
    order: (names) => {
      const rest = [...lives.keys()].filter((name) => !names.includes(name))
      for (const name of [...names, ...rest]) {
        const life = lives.get(name)
        if (!life) continue
        lives.delete(name)
        lives.set(name, life)
      }
    },
    until: (look) =>
      new Promise((resolve) => {
        const waiter = () => {
          const answer = look()
          if (answer === undefined) return
          waiters.delete(waiter)
          resolve(answer)
        }
        waiters.add(waiter)
        waiter()
      }),
  }
}
