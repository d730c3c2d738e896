/**
 * A past fact about a service.
 *
 * All durations are ms. `after` counts from the spawn; `delay` is the wait before the next spawn and `attempt` counts
 * restarts since the last stable run, from 1. `service.failed` is a start that did not succeed, or a group that
 * survived SIGKILL. `record.failed` means that leftovers of this governor might not be found after a kill -9.
 */
export type GovernorEvent =
  | { readonly type: 'service.started'; readonly service: string; readonly pid: number }
  | { readonly type: 'service.ready'; readonly service: string; readonly after: number }
  | ({ readonly type: 'service.exited'; readonly service: string; readonly after: number } & ExitCause)
  | {
      readonly type: 'service.restarting'
      readonly service: string
      readonly delay: number
      readonly attempt: number
    }
  | { readonly type: 'service.stopped'; readonly service: string }
  | { readonly type: 'service.failed'; readonly service: string; readonly why: string }
  | { readonly type: 'record.failed'; readonly why: string }

/** How a process ended: `code` when it left by itself, `signal` when it was killed; the other one is null. */
export interface ExitCause {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}
