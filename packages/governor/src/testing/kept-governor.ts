import type { Governor } from '../governor.ts'
import { type ProcessGovernorOptions, processGovernor } from '../process-governor.ts'
import type { ServiceSpec } from '../service.ts'
import { childCommand } from './child-command.ts'
import { type Heard, heard } from './heard.ts'

/** Short waits. */
export const quick = { stopGrace: 100, backoff: { initial: 5, max: 20 }, stableAfter: 0 }
/** A real process that says `up` and is ready then. */
export const spec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  command: childCommand({ say: ['up'] }),
  ready: { line: 'up' },
  ...quick,
  ...more,
})

/** A governor that `stopKept` ends, and all that it said. */
export const kept = (
  services: ServiceSpec[],
  more: Partial<ProcessGovernorOptions> = {},
): Heard<ServiceSpec> => {
  const all = heard((log) => processGovernor({ services, log, ...more }))
  governors.push(all.g)
  return all
}

const governors: Governor[] = []

/** Stops what `kept` made; to be called after each test. */
export const stopKept = async (): Promise<void> => {
  await Promise.all(governors.splice(0).map((g) => g.stop()))
}
