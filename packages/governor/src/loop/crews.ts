import { type Crew, crewMoves } from '../crew/crew-moves.ts'
import { freeSeat, seatId } from '../crew/seat.ts'
import type { Life, LifeEvent, Past } from '../life/life.ts'
import type { Seat } from '../life/lifecycle.ts'
import type { Service } from '../service.ts'

/** How many processes of a service there shall be. */
export type Size = Pick<Crew, 'replicas' | 'spare' | 'surge'>

/** How the processes of a service are being replaced, or how the last replacement ended. */
export type Roll =
  | { readonly is: 'going' }
  | { readonly is: 'done' }
  | { readonly is: 'stuck'; readonly why: string }

export interface CrewsOptions<S extends Service> {
  readonly lives: ReadonlyMap<string, Life>
  /** Whether somebody wants a service to run. */
  readonly isWanted: (name: string) => boolean
  /** Makes a life, at rest. */
  readonly seat: (service: S, seat: Seat) => void
  /** Hands an event to a life when it is its turn. */
  readonly tell: (id: string, event: LifeEvent) => void
  /** Hands an event to a life at once. */
  readonly take: (id: string, event: LifeEvent) => void
  /** Has a life end. */
  readonly dismiss: (id: string) => void
}

export interface Crews<S extends Service> {
  /** The services as they were asked for, in their order. */
  services(): readonly S[]
  /** The lives of a service; without those that shall be forgotten when they have ended. */
  of(name: string): readonly Life[]
  /** Takes a service on, with its replicas at rest. */
  take(service: S): void
  forget(name: string): void
  order(names: readonly string[]): void
  /** What the service is to be counts from now on as this, which differs in nothing but how many processes it is. */
  resize(service: S, size: Size): void
  size(name: string): Size
  /** Replaces these processes by others that run this, one beside the other. */
  roll(service: S, stale: readonly Life[]): void
  rolled(name: string): Roll
  /** The service shall end: nothing of it is replaced any more, and no spare is kept. */
  hold(name: string): void
  /** Whether a life is to be forgotten when it has ended. */
  isRetiring(id: string): boolean
  /** A life is forgotten. */
  left(id: string): void
  /** Has the processes of a service become as they shall be; to be called when one of them has changed. */
  mend(name: string): void
}

/*
 * The processes of each service, as there shall be. What is to be done is decided by `crewMoves`.
 *
 * C1  A replacement that is stuck changes back what it was to change: what is started later runs what it ran before.
 * C2  Who retires counts no more among its crew, and is forgotten once nothing of it is left.
 * C3  A spare takes a place before anything else happens, so that nobody else is started there too.
 */
export const crews = <S extends Service>(options: CrewsOptions<S>): Crews<S> => {
  const { lives, isWanted, seat, tell, take, dismiss } = options
  const all = new Map<string, Manning<S>>()
  const retiring = new Set<string>()

  const there = ({ ids }: Manning<S>): readonly Life[] => [...ids].flatMap((id) => lives.get(id) ?? [])
  const of = (name: string): readonly Life[] => {
    const crew = all.get(name)
    return crew ? there(crew).filter(({ id }) => !retiring.has(id)) : []
  }
  const sit = (crew: Manning<S>, place: Seat) => {
    crew.ids.add(place.id)
    seat(crew.runs, place)
  }
  const retire = (id: string) => {
    retiring.add(id)
    dismiss(id)
  }
  const mend = (name: string) => {
    const crew = all.get(name)
    if (!crew) return
    const members = of(name)
    const gone = crew.ids.size - members.length
    const { stale, replicas, spare } = crew
    if (members.length === 1 && gone === 0 && replicas === 1 && spare === 0 && stale.size === 0) return
    const moves = crewMoves(
      { ...crew, spare: isWanted(name) ? spare : 0 },
      { lives: members, retiring: gone },
    )
    const { add, letIn, stuck } = moves
    for (const id of moves.retire) {
      stale.delete(id)
      retire(id)
    }
    if (stuck !== undefined) giveUp(crew, stuck)
    for (const replica of add) {
      const id = freeSeat(name, (each) => lives.has(each))
      sit(crew, { id, replica })
      if (isWanted(name)) tell(id, { is: 'start' })
    }
    for (const { spare: heir, fallen } of letIn) {
      take(heir.id, { is: 'let-in', replica: fallen.replica!, past: pastOf(fallen) })
      take(fallen.id, { is: 'step-back' })
    }
    if (stale.size === 0) crew.before = undefined
  }
  const giveUp = (crew: Manning<S>, why: string) => {
    crew.stale.clear()
    crew.stuck = why
    if (crew.before) Object.assign(crew, crew.before, { before: undefined })
  }

  return {
    services: () => [...all.values()].map(({ service }) => service),
    of,
    take: (service) => {
      const crew: Manning<S> = {
        service,
        runs: service,
        ...sizeOf(service),
        stale: new Set(),
        before: undefined,
        stuck: undefined,
        ids: new Set(),
      }
      all.set(service.name, crew)
      for (let replica = 1; replica <= service.replicas; replica++)
        sit(crew, { id: seatId(service.name, replica), replica })
    },
    forget: (name) => all.delete(name),
    order: (names) => {
      for (const name of [...names, ...[...all.keys()].filter((each) => !names.includes(each))]) {
        const crew = all.get(name)
        if (!crew) continue
        all.delete(name)
        all.set(name, crew)
      }
    },
    resize: (service, size) => Object.assign(all.get(service.name)!, { service, ...size }),
    size: (name) => {
      const { replicas, spare, surge } = all.get(name)!
      return { replicas, spare, surge }
    },
    roll: (service, stale) => {
      const crew = all.get(service.name)!
      const { service: was, runs, replicas, spare, surge } = crew
      crew.before = { service: was, runs, replicas, spare, surge }
      const stays = service.autoscale || (!was.autoscale && service.replicas === was.replicas)
      const asked = stays ? replicas : service.replicas
      crew.stuck = undefined
      crew.stale = new Set(stale.map(({ id }) => id))
      Object.assign(crew, { service, runs: service, ...sizeOf(service), replicas: asked })
    },
    rolled: (name) => {
      const { stale, stuck } = all.get(name) ?? { stale: new Set(), stuck: 'it was removed' }
      if (stuck !== undefined) return { is: 'stuck', why: stuck }
      return stale.size > 0 ? { is: 'going' } : { is: 'done' }
    },
    hold: (name) => {
      const crew = all.get(name)
      if (!crew) return
      if (crew.stale.size > 0) giveUp(crew, 'stopped before it was ready')
      for (const { id, replica } of of(name)) if (replica === undefined) retire(id)
    },
    isRetiring: (id) => retiring.has(id),
    left: (id) => {
      retiring.delete(id)
      for (const { ids, stale } of all.values()) {
        ids.delete(id)
        stale.delete(id)
      }
    },
    mend,
  }
}

interface Manning<S extends Service> extends Size {
  /** As it was asked for. */
  service: S
  /** What new processes run. */
  runs: S
  stale: Set<string>
  /** What a replacement that goes on is to change. */
  before: (Size & { readonly service: S; readonly runs: S }) | undefined
  stuck: string | undefined
  readonly ids: Set<string>
}

const sizeOf = ({ replicas, spare, surge }: Service): Size => ({ replicas, spare, surge })

const pastOf = (life: Life): Past => {
  const { attempt, ceiling, failures, restarts, reasons, cause, lastExit, lastError } = life
  return {
    attempt,
    ceiling,
    failures,
    restarts,
    reasons,
    cause,
    ...(lastExit && { lastExit }),
    ...(lastError !== undefined && { lastError }),
  }
}
