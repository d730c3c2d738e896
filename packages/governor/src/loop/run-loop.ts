import type { Clock, Random } from '@holdfast/policy'
import type { GovernorEvent } from '../governor-event.ts'
import type { Life, LifeEvent } from '../life/life.ts'
import { isUp } from '../life/life-moves.ts'
import { step, unborn } from '../life/lifecycle.ts'
import { touched } from '../life/strategy.ts'
import { type Departure, turns } from '../life/turns.ts'
import type { Service } from '../service.ts'
import { weighing } from '../weighing.ts'
import { type Crews, crews } from './crews.ts'
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
  /** The lives of all services, by their ids. */
  readonly lives: ReadonlyMap<string, Life>
  /** Which lives are of which service. */
  readonly crews: Omit<Crews<S>, 'take' | 'forget' | 'left' | 'mend'>
  /** Services that somebody wants to run, also some that are not there yet. */
  readonly wanted: Set<string>
  performer(id: string): Performer | undefined
  /** Hands an event to a life. */
  tell(id: string, event: LifeEvent): void
  /** Resolves when nothing is left of what the lives of a service started, those that were forgotten too. */
  drained(name: string): Promise<unknown>
  /** Somebody asks for a service; what its group is about to do with it is not undone by that. */
  want(name: string): void
  /** These shall end, each when it is its turn. */
  dismiss(names: readonly string[]): void
  /** Whether anything of one still has to end. */
  isLeaving(name: string): boolean
  /** Whether anything of one runs, or may still have members. */
  runs(name: string): boolean
  /** Takes a service on, at rest, in place of one of its name that is at rest. */
  take(service: S): void
  forget(name: string): void
  /** Has what was asked of the crew of a service take effect. */
  turn(name: string): void
  /** Calls this after every turn of the loop, for ever. */
  everyTurn(look: () => void): void
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
  const performers = new Map<string, Performer>()
  const wanted = new Set<string>()
  const leaving = new Map<string, Departure>()
  const waiters = new Set<() => void>()
  const queue: { readonly id: string; readonly event: LifeEvent }[] = []
  const parting = new Map<Promise<unknown>, string>()
  let looping = false

  const tell = (id: string, event: LifeEvent) => {
    queue.push({ id, event })
    loop()
  }
  const manned = crews<S>({
    lives,
    isWanted: (name) => wanted.has(name),
    seat: (service, { id, replica }) => {
      const heard = (event: LifeEvent) => {
        if (performers.get(id) === performer) tell(id, event)
      }
      const performer = hands.performer(service, heard, id)
      lives.set(id, unborn(service, clock.now(), { id, replica }))
      performers.set(id, performer)
    },
    tell: (id, event) => queue.push({ id, event }),
    take: (id, event) => take(id, event),
    dismiss: (id) => leaving.set(id, { is: 'asked', event: { is: 'stop' } }),
  })

  const loop = () => {
    if (looping) return
    looping = true
    try {
      let parted: readonly string[]
      do {
        for (let next = queue.shift(); next; next = queue.shift()) {
          take(next.id, next.event)
          const life = lives.get(next.id)
          if (life) manned.mend(life.service.name)
        }
        parted = giveTurns()
        for (const name of parted) manned.mend(name)
      } while (queue.length > 0 || parted.length > 0)
    } finally {
      looping = false
    }
    weigh()
    for (const waiter of [...waiters]) waiter()
  }

  const take = (id: string, event: LifeEvent) => {
    const before = lives.get(id)
    if (!before) return
    const { life, effects } = step(before, event, { at: clock.now(), wall: wall(), chance: random() })
    lives.set(id, life)
    if (life.run !== before.run) remember()
    for (const effect of effects)
      if (effect.do === 'group') tellGroup(life.service.name, effect.event)
      else if (effect.do === 'announce')
        performers.get(id)!.perform({ do: 'announce', event: ofReplica(effect.event, life) })
      else performers.get(id)!.perform(effect)
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

  /** Says of which services something is gone for good. */
  const giveTurns = (): readonly string[] => {
    const parted: string[] = []
    const { tell: told, left } = turns(lives, leaving)
    for (const id of left) {
      leaving.delete(id)
      const { run, service } = lives.get(id)!
      if (!manned.isRetiring(id) || run) continue
      part(id)
      parted.push(service.name)
    }
    for (const turn of told) {
      const departure = leaving.get(turn.id)
      if (departure) leaving.set(turn.id, { ...departure, is: 'told' })
      queue.push(turn)
    }
    return parted
  }
  const part = (id: string) => {
    const { name } = lives.get(id)!.service
    const drained = performers.get(id)!.drained()
    parting.set(drained, name)
    void drained.finally(() => parting.delete(drained))
    leaving.delete(id)
    lives.delete(id)
    performers.delete(id)
    manned.left(id)
  }
  const all = (name: string) => [...lives.values()].filter(({ service }) => service.name === name)
  const weigh = weighing({ clock, every: weighEvery, usage: hands.usage, lives, tell })

  const remember = () => {
    process.off('exit', abandon)
    if ([...lives.values()].some((life) => life.run)) process.on('exit', abandon)
  }
  const abandon = () => {
    for (const [id, { run }] of lives) if (run) performers.get(id)!.abandon(run.pid)
  }

  return {
    lives,
    wanted,
    crews: manned,
    performer: (id) => performers.get(id),
    tell,
    drained: (name) =>
      Promise.all([
        ...all(name).map(({ id }) => performers.get(id)!.drained()),
        ...[...parting].filter(([, service]) => service === name).map(([drained]) => drained),
      ]),
    want: (name) => {
      wanted.add(name)
      for (const { id } of manned.of(name)) if (leaving.get(id)?.event.is === 'stop') leaving.delete(id)
    },
    dismiss: (names) => {
      for (const name of names) {
        wanted.delete(name)
        manned.hold(name)
        for (const { id } of all(name)) leaving.set(id, { is: 'asked', event: { is: 'stop' } })
      }
      loop()
    },
    isLeaving: (name) => all(name).some(({ id }) => leaving.has(id)),
    runs: (name) => all(name).some(({ run }) => run),
    take: (service) => {
      for (const { id } of all(service.name)) part(id)
      manned.take(service)
    },
    forget: (name) => {
      for (const { id } of all(name)) part(id)
      manned.forget(name)
      wanted.delete(name)
    },
    turn: (name) => {
      manned.mend(name)
      loop()
    },
    everyTurn: (look) => {
      waiters.add(look)
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

/** Says which one it is, where there are several. */
const ofReplica = (event: GovernorEvent, { replica, service }: Life): GovernorEvent =>
  replica !== undefined && (replica > 1 || service.replicas > 1)
    ? ({ ...event, replica } as GovernorEvent)
    : event
