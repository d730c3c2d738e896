import type { ExitCause, GovernorEvent } from './governor-event.ts'
import type { Service } from './service.ts'

/** Where a service is. `since` and `until` are readings of the governor's clock. */
export type ServiceState =
  | { readonly is: 'stopped'; readonly since: number }
  | { readonly is: 'waiting'; readonly since: number }
  | { readonly is: 'starting'; readonly since: number }
  | { readonly is: 'ready'; readonly since: number }
  | { readonly is: 'stopping'; readonly since: number; readonly next: AfterStop }
  | { readonly is: 'backing-off'; readonly since: number; readonly until: number }
  | { readonly is: 'failed'; readonly since: number; readonly why: string }

export type AfterStop = 'stopped' | 'waiting' | 'backing-off'

/** All that is remembered about one service. */
export interface Life {
  readonly service: Service
  readonly state: ServiceState
  /** Counts spawns. */
  readonly generation: number
  /** The process group that lives, or may still have members. */
  readonly run?: { readonly pid: number; readonly at: number } | undefined
  /** Restarts since the last stable run, and the longest that the next one may wait. */
  readonly attempt: number
  readonly ceiling: number
  readonly restarts: number
  readonly lastExit?: ExitCause & { readonly at: number }
  readonly lastError?: string
}

export type Timer = 'ready' | 'grace' | 'backoff'

/** What happens to a service: asked for, or reported by what an effect set going. */
export type LifeEvent =
  | { readonly is: 'start' | 'stop' | 'restart' }
  | { readonly is: 'cleared' }
  | { readonly is: 'spawned'; readonly generation: number; readonly pid: number }
  | { readonly is: 'unspawned'; readonly generation: number; readonly why: string }
  | { readonly is: 'probed'; readonly generation: number }
  | ({ readonly is: 'exited'; readonly generation: number } & ExitCause)
  | { readonly is: 'gone'; readonly generation: number }
  | { readonly is: 'survived'; readonly generation: number }
  | { readonly is: 'waited'; readonly generation: number; readonly timer: Timer }

/** When an event happened (clock, ms), and a random number in [0, 1) for it. */
export interface Moment {
  readonly at: number
  readonly chance: number
}

/**
 * What to do next, in order.
 *
 * `spawn` answers with spawned or unspawned, then exited. `probe` may answer probed. `wait` replaces an earlier wait.
 * `reap` kills what is left of the group and answers gone or survived; asking twice is harmless.
 */
export type Effect =
  | { readonly do: 'spawn'; readonly generation: number }
  | { readonly do: 'probe'; readonly generation: number }
  | { readonly do: 'cancel-probe' }
  | { readonly do: 'signal'; readonly pid: number; readonly signal: NodeJS.Signals }
  | { readonly do: 'reap'; readonly generation: number; readonly pid: number }
  | { readonly do: 'wait'; readonly generation: number; readonly timer: Timer; readonly ms: number }
  | { readonly do: 'cancel-wait' }
  | { readonly do: 'announce'; readonly event: GovernorEvent }

export interface Step {
  readonly life: Life
  readonly effects: readonly Effect[]
}
