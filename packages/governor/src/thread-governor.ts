import { channel, systemClock } from '@holdfast/policy'
import type { ServiceLine } from './child.ts'
import type { Governor, GovernorOptions } from './governor.ts'
import type { GovernorEvent } from './governor-event.ts'
import { governing } from './loop/governing.ts'
import type { UsageReader } from './process-usage.ts'
import type { Thread } from './thread/thread.ts'
import { threadPerformer } from './thread/thread-performer.ts'
import { type ThreadSpec, threadService } from './thread/thread-spec.ts'
import { threadUsage } from './thread/thread-usage.ts'

export type ThreadGovernorOptions = GovernorOptions<ThreadSpec>

/**
 * Governs threads of this process: handlers in JavaScript or TypeScript, as `HandlerRun` describes them.
 *
 * They share memory and held sockets with this process, and end with it; what crashes the process itself, such as a fault in
 * native code, takes all of them along.
 */
export const threadGovernor = (options: ThreadGovernorOptions): Governor<ThreadSpec> => {
  const { clock = systemClock, log } = options
  const threads = new Map<number, Thread>()
  const usage: UsageReader = options.usage ?? threadUsage({ threads, clock })
  const events = channel<GovernorEvent>()
  const announce = (event: GovernorEvent) => events.emit(event)
  const line = (written: ServiceLine): unknown => {
    try {
      return log?.(written)
    } catch {
      return undefined
    }
  }
  return governing(options, {
    service: threadService,
    events,
    hands: {
      performer: (each, tell) => threadPerformer(each, { clock, announce, line, tell, threads }),
      settle: async () => {},
      rest: async () => {},
      usage,
    },
  })
}
