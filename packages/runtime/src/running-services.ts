import type { GovernorEvent, StartResult } from '@holdfast/governor'
import type { Reloaded } from './reloading.ts'
import { patience, withGovernor } from './running-governor.ts'

/** What shall become of one service. */
export interface ServiceWish {
  readonly act: 'start' | 'stop' | 'restart'
  readonly name: string
}

/**
 * Has a service of the Holdfast that runs a file started (with all that it needs), stopped or restarted; resolves when that is over. `on` hears what
 * happens meanwhile, to all services. Rejects with `NOT_RUNNING`, `TIMEOUT` where Holdfast hangs, `UNKNOWN_SERVICE`, `EDGE_NEEDED` and `NOT_NOW`.
 */
export async function steerService(
  file: string,
  { act, name }: ServiceWish,
  on?: (event: GovernorEvent) => void,
): Promise<StartResult> {
  return (await wait(file, [`${act}-service`, { name }], on)) as StartResult
}

/**
 * Has the Holdfast that runs a file read it again; resolves when what changed is started. Rejects with `NOT_RUNNING`, `TIMEOUT`, `NOT_NOW`, and, when
 * nothing was changed, with `CONFIG_INVALID`, `RESTART_NEEDED` and `ADDRESS_IN_USE`.
 */
export async function reloadFile(file: string, on?: (event: GovernorEvent) => void): Promise<Reloaded> {
  return (await wait(file, ['reload'], on)) as Reloaded
}

/** The longest that a timer can wait: how long a service takes to be ready is its own affair. */
const asLongAsItTakes = { timeout: 2 ** 31 - 1 }

async function wait(
  file: string,
  [call, input]: readonly [string, unknown?],
  on: (event: GovernorEvent) => void = () => {},
): Promise<unknown> {
  const onEvent = (event: unknown): void => {
    if (String(Object(event).type).startsWith('service.')) on(event as GovernorEvent)
  }
  return withGovernor(
    file,
    async (governor) => {
      // Shows whether it answers at all.
      await governor.call('listen', undefined, { timeout: patience })
      return governor.call(call, input, asLongAsItTakes)
    },
    { onEvent },
  )
}
