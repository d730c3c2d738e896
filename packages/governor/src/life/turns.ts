import type { Life, LifeEvent } from './life.ts'

/** A service that shall end, to stay so or to begin anew with its group, and whether it was told already. */
export interface Departure {
  readonly is: 'asked' | 'told'
  readonly event: LifeEvent & { readonly is: 'stop' | 'join' }
}

/** Services that shall end. */
export type Leaving = ReadonlyMap<string, Departure>

export interface Turns {
  /** Whose turn it is, and to do what. */
  readonly tell: readonly { readonly id: string; readonly event: LifeEvent }[]
  /** Who has left. */
  readonly left: readonly string[]
}

/**
 * Whose turn it is, as the services stand: one that waits may start when enough of all that it needs is ready or done, and
 * nobody of its group is still to end; one that shall leave must end when no other that shall leave still needs it. Lives
 * are known by their ids. Pure.
 */
export const turns = (lives: ReadonlyMap<string, Life>, leaving: Leaving): Turns => {
  const isThere = presence(lives)
  const going = new Set<string>()
  const left: string[] = []
  const staying: Life[] = []
  for (const [id, life] of lives) {
    const departure = leaving.get(id)
    if (departure && !hasLeft(life, departure)) going.add(id)
    else if (departure) left.push(id)
    if (!departure || (departure.event.is === 'join' && departure.is === 'told')) staying.push(life)
  }
  const leavers = [...going].map((id) => lives.get(id)!)
  const needed = new Set(leavers.flatMap(({ service }) => service.needs))
  const ending = new Set(leavers.flatMap(({ service: { group } }) => group?.name ?? []))

  const cleared = staying.filter(
    ({ state, service: { needs, group } }) =>
      state.is === 'waiting' && needs.every(isThere) && !(group && ending.has(group.name)),
  )
  const due = leavers.filter(
    (life) => leaving.get(life.id)?.is === 'asked' && !(works(life) && needed.has(life.service.name)),
  )
  return {
    tell: [
      ...cleared.map(({ id }) => ({ id, event: { is: 'cleared' } as const })),
      ...due.map(({ id }) => ({ id, event: leaving.get(id)!.event })),
    ],
    left,
  }
}

const hasLeft = ({ state }: Life, { is, event }: Departure): boolean => {
  if (event.is === 'join') return is === 'told' && state.is !== 'stopping' && state.is !== 'tidying'
  return state.is === 'stopped' || (state.is === 'failed' && is === 'told')
}

/** Tells of a service whether enough of its replicas are ready or done. */
export const presence = (lives: ReadonlyMap<string, Life>): ((service: string) => boolean) => {
  const present = new Map<string, { there: number; all: number; enough: number }>()
  for (const { replica, service, state } of lives.values()) {
    if (replica === undefined) continue
    const { there, all } = present.get(service.name) ?? { there: 0, all: 0 }
    const is = state.is === 'ready' || state.is === 'done' ? 1 : 0
    present.set(service.name, { there: there + is, all: all + 1, enough: service.enough })
  }
  return (name) => {
    const found = present.get(name)
    return found !== undefined && found.there >= Math.min(found.enough, found.all)
  }
}

const works = ({ state }: Life): boolean =>
  state.is === 'starting' || state.is === 'running' || state.is === 'ready'
