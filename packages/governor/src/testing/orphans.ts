import { readdirSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { mark } from '../process/process-mark.ts'
import type { OnGovernorDeath } from '../process/unit.ts'
import type { ServiceSpec } from '../service.ts'
import { childCommand } from './child-command.ts'
import { folder } from './folder.ts'
import { governingProcess } from './governing-process.ts'

/** The ways to die. */
export const deaths = ['stop', 'crash', 'governor'] as const
export type Death = (typeof deaths)[number]

/** The four kinds of process that one service is made of, in the order in which it names them. */
const kinds = ['managed', 'same group', 'session', 'forked twice'] as const
type Kind = (typeof kinds)[number]

/** What one row of the matrix came to. */
export interface Row {
  /** Who lived when the service was up. */
  readonly before: readonly Kind[]
  /** Who lived under the next governor, after one that was killed. */
  readonly adopted: readonly Kind[]
  /** Who lives after all. */
  readonly left: readonly Kind[]
  readonly files: readonly string[]
}

/**
 * Lets a service with all kinds of process die in one way, and then stops it.
 *
 * After a kill of the governor it waits until those are gone that shall go with it, for as long as the test has time.
 */
export const orphanRow = async (
  death: Death,
  onGovernorDeath: OnGovernorDeath,
  atEnd: (clean: () => void) => void,
): Promise<Row> => {
  const stateDir = folder(atEnd)
  const services: ServiceSpec[] = [
    {
      name: 'family',
      command: childCommand({ family: true }),
      ready: { line: 'family' },
      onGovernorDeath,
      stableAfter: 0,
      backoff: { initial: 5, max: 20 },
    },
  ]
  const first = governingProcess(services, stateDir, atEnd)
  const [, said = ''] = await first.line(/^family (.*)/)
  const pids = said.split(' ').map(Number)
  const alive = () => kinds.filter((_, i) => mark(pids[i]!) !== undefined)
  await first.line(/^pid family/)
  const before = alive()
  let adopted: readonly Kind[] = []

  if (death === 'crash') {
    process.kill(pids[0]!, 'SIGKILL')
    await first.line(/"service.restarting"/)
  }
  if (death !== 'governor') await first.stop()
  else {
    await first.kill()
    while (onGovernorDeath === 'kill' && alive().length > 0) await setTimeout(5)
    const second = governingProcess(services, stateDir, atEnd)
    await second.line(/^pid family/)
    adopted = alive()
    await second.stop()
  }
  // Nobody waits any longer here: who is told that it stopped may rely on it.
  return { before, adopted, left: alive(), files: readdirSync(stateDir) }
}
