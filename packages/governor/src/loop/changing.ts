import { type Changes, changes } from '../changes.ts'
import { GovernorError } from '../governor-error.ts'
import type { Service } from '../service.ts'
import type { StartResult } from '../start-result.ts'
import type { Requests } from './requests.ts'
import type { RunLoop } from './run-loop.ts'
import { together } from './together.ts'
import { turnstile } from './turnstile.ts'

/** Ways to change which services there are. */
export interface Changing<S extends Service> {
  /** Changes all services to these, which must be able to be together. */
  apply(next: readonly S[]): Promise<StartResult & Changes>
  add(service: S): Promise<StartResult>
  remove(name: string): Promise<void>
}

/*
 * I1  A life is only forgotten or replaced when its service is at rest.
 * I2  What is the same before and after is not touched.
 * I3  Changes follow one another, as far as they are not of different handlers; none waits for readiness.
 * I4  What was asked for before a stop of all is not started after it.
 */

/** Changes the services of a loop. */
export const changing = <S extends Service>(
  loop: RunLoop<S>,
  { known, end, begin, withNeeds, stops }: Requests,
): Changing<S> => {
  const gate = turnstile()
  const removing = new Set<string>()
  const atRest = (name: string) => ['stopped', 'failed'].includes(loop.lives.get(name)!.state.is)

  const change = async (next: readonly S[], asked: number) => {
    const found = changes(loop.services(), next)
    const ending = [...found.removed, ...found.replaced]
    const ran = found.replaced.filter((name) => loop.wanted.has(name))
    const starting = stops() === asked ? [...ran, ...found.added] : []
    // A start may overtake the end of what is to be replaced: then it has to end once more.
    do {
      const ended = end(ending)
      for (const name of starting) loop.wanted.add(name)
      await ended
    } while (!ending.every(atRest))
    for (const each of next) {
      // What not even SIGKILL ends is neither replaced nor forgotten.
      const runs = loop.lives.get(each.name)?.run
      if (!found.kept.includes(each.name) && !runs) loop.take(each)
    }
    for (const name of found.removed) if (!loop.lives.get(name)!.run) loop.forget(name)
    loop.order(next.map(({ name }) => name))
    return { found, names: withNeeds(starting.filter((name) => loop.wanted.has(name))) }
  }

  const take = async (service: S) => {
    const { name } = service
    if (loop.lives.has(name))
      throw new GovernorError(
        'NAME_TAKEN',
        `there is a service "${name}" already`,
        'remove it first, or choose another name',
      )
    together([...loop.services().filter((each) => !removing.has(each.name)), service])
    loop.take(service)
  }

  const drop = async (name: string) => {
    known(name)
    const needing = loop
      .services()
      .find(({ needs, name: other }) => needs.includes(name) && !removing.has(other))
    if (needing)
      throw new GovernorError(
        'STILL_NEEDED',
        `the service "${name}" cannot be removed while "${needing.name}" needs it`,
        'remove that one first',
      )
    removing.add(name)
    try {
      do await end([name])
      while (!atRest(name))
    } finally {
      removing.delete(name)
    }
    if (loop.lives.get(name)!.run)
      throw new GovernorError(
        'STILL_RUNNING',
        `the service "${name}" does not end, not even when it is killed`,
        'see what holds its process, such as a disk that does not answer, and remove it again',
      )
    loop.forget(name)
  }

  return {
    apply: async (next) => {
      const asked = stops()
      const { found, names } = await gate.all(() => change(next, asked))
      return { ...found, ...(names.length > 0 ? await begin(names) : { ready: [], failed: [] }) }
    },
    add: async (service) => {
      const { name } = service
      const asked = stops()
      await gate.one(name, () => take(service))
      return stops() === asked
        ? begin(withNeeds([name]))
        : { ready: [], failed: [{ service: name, why: 'stopped before it was started' }] }
    },
    remove: (name) => gate.one(name, () => drop(name)),
  }
}
