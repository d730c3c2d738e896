import { isDeepStrictEqual } from 'node:util'
import { type Changes, changes } from '../changes.ts'
import { rolls } from '../crew/check-crew.ts'
import { GovernorError } from '../governor-error.ts'
import type { StartResult } from '../life/start-result.ts'
import type { Service } from '../service.ts'
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
  { known, end, begin, withNeeds, roll, canRoll, stops }: Requests<S>,
): Changing<S> => {
  const gate = turnstile()
  const removing = new Set<string>()
  const { crews } = loop
  const atRest = (name: string) =>
    crews.of(name).every(({ state }) => ['stopped', 'failed'].includes(state.is)) && !loop.isLeaving(name)

  const change = async (next: readonly S[], asked: number) => {
    const found = changes(crews.services().map(unsized), next.map(unsized))
    const byName = new Map(next.map((each) => [each.name, each]))
    const rolled = found.replaced.filter((name) => canRoll(name) && rolls(byName.get(name)!))
    const replaced = found.replaced.filter((name) => !rolled.includes(name))
    const resized = found.kept.filter((name) => resize(byName.get(name)!))
    const ending = [...found.removed, ...replaced]
    const ran = [...replaced, ...resized].filter((name) => loop.wanted.has(name))
    const starting = stops() === asked ? [...ran, ...found.added] : []
    // A start may overtake the end of what is to be replaced: then it has to end once more.
    do {
      const ended = end(ending)
      for (const name of starting) loop.wanted.add(name)
      await ended
    } while (!ending.every(atRest))
    for (const each of next) {
      // What not even SIGKILL ends is neither replaced nor forgotten.
      const stays = found.kept.includes(each.name) || rolled.includes(each.name)
      if (!stays && !loop.runs(each.name)) loop.take(each)
    }
    for (const name of found.removed) if (!loop.runs(name)) loop.forget(name)
    crews.order(next.map(({ name }) => name))
    const names = withNeeds(starting.filter((name) => loop.wanted.has(name)))
    const goOn = async () => {
      const own = rolled.map((name) => byName.get(name)!)
      const results = await Promise.all([
        ...(names.length > 0 ? [begin(names)] : []),
        ...own.map((each) => roll(each, (life) => !isDeepStrictEqual(unsized(life.service), unsized(each)))),
      ])
      return {
        ready: results.flatMap(({ ready }) => ready),
        failed: results.flatMap(({ failed }) => failed),
      }
    }
    return { found, goOn }
  }
  /** Takes over how many processes a service that is otherwise the same shall be; whether that is another number than before. */
  const resize = (service: S): boolean => {
    const { name, autoscale, replicas, spare, surge } = service
    const was = known(name)
    const size = crews.size(name)
    // What was scaled meanwhile stays so, unless another number is asked for now.
    const stays = autoscale || (!was.autoscale && replicas === was.replicas)
    const now = { replicas: stays ? size.replicas : replicas, spare, surge }
    const same = was.replicas === replicas && isDeepStrictEqual(was.autoscale, autoscale)
    if (isDeepStrictEqual(size, now) && same) return false
    crews.resize(service, now)
    loop.turn(name)
    return true
  }

  const take = async (service: S) => {
    const { name } = service
    if (crews.services().some((each) => each.name === name))
      throw new GovernorError(
        'NAME_TAKEN',
        `there is a service "${name}" already`,
        'remove it first, or choose another name',
      )
    together([...crews.services().filter((each) => !removing.has(each.name)), service])
    loop.take(service)
  }

  const drop = async (name: string) => {
    known(name)
    const needing = crews
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
    if (loop.runs(name))
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
      const { found, goOn } = await gate.all(() => change(next, asked))
      return { ...found, ...(await goOn()) }
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

/** A service but for how many processes it is. */
const unsized = <S extends Service>(service: S): S => ({
  ...service,
  replicas: 1,
  spare: 0,
  surge: 1,
  autoscale: undefined,
})
