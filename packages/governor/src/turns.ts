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
  readonly tell: readonly { readonly name: string; readonly event: LifeEvent }[]
  /** Who has left. */
  readonly left: readonly string[]
}

/**
 * Whose turn it is, as the services stand: one that waits may start when all that it needs is ready or done, and nobody
 * of its group is still to end; one that shall leave must end when no other that shall leave still needs it. Pure.
 */
export const turns = (lives: ReadonlyMap<string, Life>, leaving: Leaving): Turns => {
  const isThere = (name: string) => {
    const is = lives.get(name)?.state.is
    return is === 'ready' || is === 'done'
  }
  const going = new Set<string>()
  const left: string[] = []
  const staying: Life[] = []
  for (const life of lives.values()) {
    const departure = leaving.get(life.service.name)
    if (departure && !hasLeft(life, departure)) going.add(life.service.name)
    else if (departure) left.push(life.service.name)
    if (!departure || (departure.event.is === 'join' && departure.is === 'told')) staying.push(life)
  }
  const leavers = [...going].map((name) => lives.get(name)!)
  const needed = new Set(leavers.flatMap(({ service }) => service.needs))
  const ending = new Set(leavers.flatMap(({ service: { group } }) => group?.name ?? []))

  const cleared = staying.filter(
    ({ state, service: { needs, group } }) =>
      state.is === 'waiting' && needs.every(isThere) && !(group && ending.has(group.name)),
  )
  const due = leavers.filter(
    (life) =>
      leaving.get(life.service.name)?.is === 'asked' && !(works(life) && needed.has(life.service.name)),
  )
  return {
    tell: [
      ...cleared.map(({ service: { name } }) => ({ name, event: { is: 'cleared' } as const })),
      ...due.map(({ service: { name } }) => ({ name, event: leaving.get(name)!.event })),
    ],
    left,
  }
}

const hasLeft = ({ state }: Life, { is, event }: Departure): boolean => {
  if (event.is === 'join') return is === 'told' && state.is !== 'stopping' && state.is !== 'tidying'
  return state.is === 'stopped' || (state.is === 'failed' && is === 'told')
}

const works = ({ state }: Life): boolean =>
  state.is === 'starting' || state.is === 'running' || state.is === 'ready'
