/**
 * A past fact about a service; `replica` says about which one, where it is several processes.
 *
 * All durations are ms. `after` counts from the spawn; `delay` is the wait before the next spawn, and `attempt` counts
 * restarts since the last stable run, from 1, or is 0 for a restart that is no answer to a failure.
 * An exit is `wanted` if it was told to end, or left with a code that counts as success.
 * `service.failed` is a start that did not succeed, a run that was ended because it ailed, or a group that survived
 * SIGKILL; `service.gave-up` means that it is not tried again until somebody asks. What is told of a spare is told as
 * `spare.…`, until it takes the place of a replica that fell: then that replica is restarting. `service.ailing` is the first check
 * that failed after one that did not, `service.recovered` the other way round. `record.failed` means that leftovers of
 * this governor might not be found after a kill -9. `log.failed` means that what a service writes cannot be kept, told
 * once until `log.recovered`, with how many lines are missing. `service.scaled` is another number of replicas that is
 * wanted; `load.failed` means that a replica does not tell its load, told once until `load.recovered`.
 */
export type GovernorEvent =
  | {
      readonly type: 'service.started'
      readonly service: string
      readonly replica?: number
      readonly pid: number
    }
  | {
      readonly type: 'service.ready'
      readonly service: string
      readonly replica?: number
      readonly after: number
    }
  | {
      readonly type: 'service.ailing'
      readonly service: string
      readonly replica?: number
      readonly why: string
    }
  | { readonly type: 'service.recovered'; readonly service: string; readonly replica?: number }
  | ({
      readonly type: 'service.exited'
      readonly service: string
      readonly replica?: number
      readonly after: number
      readonly wanted: boolean
    } & ExitCause)
  | {
      readonly type: 'service.restarting'
      readonly service: string
      readonly replica?: number
      readonly delay: number
      readonly attempt: number
      readonly reason: RestartReason
      readonly why: string
    }
  | { readonly type: 'service.done'; readonly service: string; readonly replica?: number }
  | { readonly type: 'service.stopped'; readonly service: string; readonly replica?: number }
  | {
      readonly type: 'service.failed'
      readonly service: string
      readonly replica?: number
      readonly why: string
    }
  | {
      readonly type: 'service.gave-up'
      readonly service: string
      readonly replica?: number
      readonly why: string
    }
  | { readonly type: 'spare.started'; readonly service: string; readonly pid: number }
  | { readonly type: 'spare.failed'; readonly service: string; readonly why: string }
  | { readonly type: 'record.failed'; readonly why: string }
  | { readonly type: 'log.failed'; readonly service: string; readonly why: string }
  | { readonly type: 'log.recovered'; readonly service: string; readonly lost: number }
  | {
      readonly type: 'service.scaled'
      readonly service: string
      readonly from: number
      readonly to: number
      readonly why: string
    }
  | { readonly type: 'load.failed'; readonly service: string; readonly why: string }
  | { readonly type: 'load.recovered'; readonly service: string }

/**
 * Why a service is started again.
 *
 * `exit`: it ended by itself. `start`: it could not be started, or was not ready in time. `unhealthy`: its checks
 * failed. `memory`: it used more than it may. `schedule`: it was time. `group`: another of its group fell. `asked`:
 * somebody wanted it.
 */
export type RestartReason = 'exit' | 'start' | 'unhealthy' | 'memory' | 'schedule' | 'group' | 'asked'

/**
 * How a process ended: `code` when it left by itself, `signal` when it was killed; the other one is null. A thread has a
 * `code` when it left by itself, and otherwise a `death`.
 */
export interface ExitCause {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly death?: Death
}

/** What a thread died of: an exception or a rejection that nobody caught, its memory, or its governor's hand; and in words. */
export interface Death {
  readonly is: 'threw' | 'rejected' | 'out-of-memory' | 'terminated'
  readonly why: string
}
