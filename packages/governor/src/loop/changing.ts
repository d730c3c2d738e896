import { type Changes, changes } from '../changes.ts'
import type { Service } from '../service.ts'
import type { StartResult } from '../start-result.ts'
import type { Requests } from './requests.ts'
import type { RunLoop } from './run-loop.ts'

/*
 * I1  A life is only forgotten or replaced when its service is at rest.
 * I2  What is the same before and after is not touched.
 * I3  Changes follow one another.
 */

/** Changes the services of a loop to others, which must be able to be together. */
export const changing = <S extends Service>(
  loop: RunLoop<S>,
  { end, begin, withNeeds }: Requests,
): ((next: readonly S[]) => Promise<StartResult & Changes>) => {
  let last: Promise<unknown> = Promise.resolve()

  const change = async (next: readonly S[]): Promise<StartResult & Changes> => {
    const found = changes(loop.services(), next)
    const ending = [...found.removed, ...found.replaced]
    const ran = found.replaced.filter((name) => loop.wanted.has(name))
    const starting = [...ran, ...found.added]
    // A start may overtake the end of what is to be replaced: then it has to end once more.
    const atRest = (name: string) => ['stopped', 'failed'].includes(loop.lives.get(name)!.state.is)
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
    const names = withNeeds(starting.filter((name) => loop.wanted.has(name)))
    return { ...found, ...(names.length > 0 ? await begin(names) : { ready: [], failed: [] }) }
  }
  return (next) => {
    const changed = last.then(() => change(next))
    last = changed.catch(() => {})
    return changed
  }
}
