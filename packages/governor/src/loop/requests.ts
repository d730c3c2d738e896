import { checkCrew, rolls } from '../crew/check-crew.ts'
import { GovernorError } from '../governor-error.ts'
import type { Life } from '../life/life.ts'
import { type Begun, type StartResult, startResult } from '../life/start-result.ts'
import type { Service } from '../service.ts'
import type { Hands } from './hands.ts'
import type { RunLoop } from './run-loop.ts'

/** What people ask of services. */
export interface Requests<S extends Service> {
  /** The service of this name, as it was asked for; throws `UNKNOWN_SERVICE`. */
  known(name: string): S
  /** These, and all that they need. */
  withNeeds(names: readonly string[]): string[]
  /** Starts these, of which one may run and is to be started anew, and resolves when it is known how that went. */
  begin(names: readonly string[], restarted?: string): Promise<StartResult>
  /** Replaces processes of a service by others that run this, one beside the other. */
  roll(service: S, isStale: (life: Life) => boolean): Promise<StartResult>
  /** Whether processes of a service can be replaced one beside the other now. */
  canRoll(name: string): boolean
  /** Begins what runs anew: one beside the other where that can be, otherwise one after the other. */
  restart(name: string): Promise<StartResult>
  /** Has a service be so many processes. */
  scale(name: string, replicas: number): Promise<StartResult>
  /** Ends these, each when nothing that is to end needs it any more; resolves when nothing of them is left. */
  end(names: readonly string[]): Promise<void>
  /** Ends all. Those who ask while it is being done share one promise. */
  endAll(): Promise<void>
  /** How often `endAll` was asked for: what was asked before a stop is not begun after it. */
  stops(): number
}

/*
 * I1  The last call wins: what a start has not begun when a stop comes never begins, and the other way round.
 * I2  Nothing is started before it is settled what an earlier governor left.
 * I3  What replaces the processes of one service follows what replaced them before.
 */

/** Starts and stops the services of a loop. */
export const requests = <S extends Service>(loop: RunLoop<S>, hands: Hands<S>): Requests<S> => {
  const { crews } = loop
  const rolling = new Map<string, Promise<unknown>>()
  let settled: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  let stops = 0

  const known = (name: string): S => {
    const found = crews.services().find((each) => each.name === name)
    if (found) return found
    const names = crews.services().map((each) => each.name)
    throw new GovernorError(
      'UNKNOWN_SERVICE',
      `there is no service "${name}"`,
      `name one of: ${names.join(', ')}`,
    )
  }
  const withNeeds = (names: readonly string[]): string[] => {
    const found = new Set(names)
    for (const each of found) for (const need of known(each).needs) found.add(need)
    return [...found]
  }
  const end = async (names: readonly string[]): Promise<void> => {
    loop.dismiss(names)
    await loop.until(() => names.every((name) => !loop.isLeaving(name)) || undefined)
    await Promise.all(names.map(loop.drained))
    if (![...loop.lives.values()].some((life) => life.run)) await hands.rest()
  }
  const begin: Requests<S>['begin'] = async (names, restarted) => {
    stopping = undefined
    for (const name of names) loop.want(name)
    settled ??= hands.settle([...loop.lives.values()])
    await settled
    const begun = begunWith(names)
    for (const name of names)
      for (const { id } of loop.wanted.has(name) ? crews.of(name) : [])
        loop.tell(id, { is: name === restarted ? 'restart' : 'start' })
    return loop.until(() => startResult(begun, loop.lives))
  }
  const begunWith = (names: readonly string[]): Begun => {
    const lives = names.flatMap((name) => crews.of(name))
    return { services: names, restarts: new Map(lives.map(({ id, restarts }) => [id, restarts])) }
  }
  const roll: Requests<S>['roll'] = async (service, isStale) => {
    const { name } = service
    const last = rolling.get(name)
    const rolled = (async () => {
      await last
      crews.roll(service, crews.of(name).filter(isStale))
      loop.turn(name)
      return loop.until(() => {
        const is = crews.rolled(name)
        return is.is === 'going' || loop.isLeaving(name) ? undefined : is
      })
    })()
    rolling.set(name, rolled)
    const how = await rolled
    if (rolling.get(name) === rolled) rolling.delete(name)
    if (how.is === 'done') return { ready: [name], failed: [] }
    const why = `its replacement is not ready, and what ran before goes on: ${how.why}`
    return { ready: [], failed: [{ service: name, why }] }
  }
  const canRoll = (name: string): boolean =>
    loop.wanted.has(name) && rolls(known(name)) && crews.of(name).some(({ state }) => state.is === 'ready')
  return {
    known,
    withNeeds,
    begin,
    roll,
    canRoll,
    restart: async (name) => {
      const service = known(name)
      const names = withNeeds([name])
      if (!canRoll(name)) return begin(names, name)
      const needs = await begin(names.filter((each) => each !== name))
      const own = await roll(service, () => true)
      return { ready: [...own.ready, ...needs.ready], failed: [...own.failed, ...needs.failed] }
    },
    scale: async (name, replicas) => {
      const service = known(name)
      checkCrew({ ...service, replicas, enough: Math.min(service.enough, replicas) })
      crews.resize(service, { ...crews.size(name), replicas })
      const begun = begunWith([name])
      loop.turn(name)
      if (!loop.wanted.has(name)) return { ready: [], failed: [] }
      return loop.until(() => (loop.isLeaving(name) ? undefined : startResult(begun, loop.lives)))
    },
    end,
    endAll: () => {
      loop.wanted.clear()
      stops += 1
      stopping ??= end(crews.services().map(({ name }) => name)).finally(() => {
        stopping = undefined
      })
      return stopping
    },
    stops: () => stops,
  }
}
