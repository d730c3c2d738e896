import { channel, systemClock } from '@holdfast/policy'
import type { ServiceLine } from './child.ts'
import { serviceOf } from './crew/seat.ts'
import type { Governor, GovernorOptions } from './governor.ts'
import type { GovernorEvent } from './governor-event.ts'
import { governing } from './loop/governing.ts'
import { performer } from './performer.ts'
import type { ClaimedState } from './process/claimed-state.ts'
import { demandSupported } from './process/supported-platform.ts'
import { traces } from './process/traces.ts'
import { processUsage } from './process-usage.ts'
import { service } from './service.ts'

export interface ProcessGovernorOptions extends GovernorOptions {
  /** Where the next governor finds what this one left running, should it be killed. Without it, nowhere. */
  readonly state?: ClaimedState
  /** The system that it runs on; by default this one. */
  readonly platform?: NodeJS.Platform
}

/** Governs processes: any command, in any language. Throws `UNSUPPORTED_PLATFORM` on Windows, too. */
export const processGovernor = (options: ProcessGovernorOptions): Governor => {
  const { clock = systemClock, usage = processUsage, log, state, platform } = options
  demandSupported(platform)
  const events = channel<GovernorEvent>()
  const announce = (event: GovernorEvent) => events.emit(event)
  const line = (written: ServiceLine): unknown => {
    try {
      return log?.(written)
    } catch {
      return undefined
    }
  }
  // What is known of processes is known by their own names.
  const ofService = <T extends { readonly service: string }>(told: T): T => ({
    ...told,
    service: serviceOf(told.service),
  })
  const left = traces({
    state,
    clock,
    announce: (event) => announce('service' in event ? ofService(event) : event),
    line: (written) => line(ofService(written)),
  })
  return governing(options, {
    service,
    events,
    hands: {
      performer: (each, tell, id) => performer(each, { clock, announce, line, id, tell, traces: left }),
      settle: (lives) => left.settle(lives.map(({ id, service: each }) => ({ ...each, name: id }))),
      rest: left.rest,
      usage,
    },
  })
}
