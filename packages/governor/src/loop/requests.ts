import { GovernorError } from '../governor-error.ts'
import type { Life } from '../life.ts'
import type { Service } from '../service.ts'
import { type StartResult, startResult } from '../start-result.ts'
import type { Hands } from './hands.ts'
import type { RunLoop } from './run-loop.ts'

/** What people ask of services. */
export interface Requests {
  /** The service of this name; throws `UNKNOWN_SERVICE`. */
  known(name: string): Life
  /** These, and all that they need. */
  withNeeds(names: readonly string[]): string[]
  /** Starts these, of which one may run and is to be started anew, and resolves when it is known how that went. */
  begin(names: readonly string[], restarted?: string): Promise<StartResult>
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
 */

/** Starts and stops the services of a loop. */
export const requests = <S extends Service>(loop: RunLoop<S>, hands: Hands<S>): Requests => {
  let settled: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  let stops = 0

  const known = (name: string): Life => {
    const life = loop.lives.get(name)
    if (life) return life
    const names = [...loop.lives.keys()].join(', ')
    throw new GovernorError('UNKNOWN_SERVICE', `there is no service "${name}"`, `name one of: ${names}`)
  }
  const end = async (names: readonly string[]): Promise<void> => {
    loop.dismiss(names)
    await loop.until(() => names.every((name) => !loop.isLeaving(name)) || undefined)
    await Promise.all(names.map((name) => loop.performer(name)?.drained()))
    if (![...loop.lives.values()].some((life) => life.run)) await hands.rest()
  }
  return {
    known,
    withNeeds: (names) => {
      const found = new Set(names)
      for (const each of found) for (const need of known(each).service.needs) found.add(need)
      return [...found]
    },
    begin: async (names, restarted) => {
      stopping = undefined
      for (const name of names) loop.want(name)
      settled ??= hands.settle(loop.services())
      await settled
      const there = names.filter((name) => loop.lives.has(name))
      const before = new Map(there.map((name) => [name, loop.lives.get(name)!.restarts]))
      for (const name of there)
        if (loop.wanted.has(name)) loop.tell(name, { is: name === restarted ? 'restart' : 'start' })
      return loop.until(() => startResult(before, loop.lives))
    },
    end,
    endAll: () => {
      loop.wanted.clear()
      stops += 1
      stopping ??= end([...loop.lives.keys()]).finally(() => {
        stopping = undefined
      })
      return stopping
    },
    stops: () => stops,
  }
}
