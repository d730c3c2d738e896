import type { Life, LifeEvent } from './life.ts'

/** Services that shall stop, and which of them were told so already. */
export type Leaving = ReadonlyMap<string, 'asked' | 'told'>

export interface Turns {
  /** Whose turn it is, and to do what. */
  readonly tell: readonly { readonly name: string; readonly event: LifeEvent }[]
  /** Who has left. */
  readonly left: readonly string[]
}

/**
 * Whose turn it is, as the services stand: one that waits may start when all that it needs is ready; one that shall
 * leave must stop when no other that shall leave still needs it. Pure.
 */
export const turns = (lives: ReadonlyMap<string, Life>, leaving: Leaving): Turns => {
  const isReady = (name: string) => lives.get(name)?.state.is === 'ready'
  const hasLeft = ({ service, state }: Life) =>
    state.is === 'stopped' || (state.is === 'failed' && leaving.get(service.name) === 'told')
  const all = [...lives.values()]
  const staying = all.filter(({ service }) => !leaving.has(service.name))
  const going = all.filter((life) => leaving.has(life.service.name) && !hasLeft(life))
  const isNeeded = (name: string) => going.some(({ service }) => service.needs.includes(name))

  const cleared = staying.filter(
    ({ state, service }) => state.is === 'waiting' && service.needs.every(isReady),
  )
  const due = going.filter(
    ({ state, service: { name } }) =>
      leaving.get(name) === 'asked' && ((state.is !== 'starting' && state.is !== 'ready') || !isNeeded(name)),
  )
  return {
    tell: [
      ...cleared.map(({ service: { name } }) => ({ name, event: { is: 'cleared' } as const })),
      ...due.map(({ service: { name } }) => ({ name, event: { is: 'stop' } as const })),
    ],
    left: all
      .filter((life) => leaving.has(life.service.name) && hasLeft(life))
      .map(({ service }) => service.name),
  }
}
