import type { ExitCause, GovernorEvent, RestartReason } from '../governor-event.ts'
import type { Service } from '../service.ts'
import type { Due } from './schedule.ts'

/** Where a service is. `since` and `until` are readings of the governor's clock. */
export type ServiceState =
  | { readonly is: 'stopped'; readonly since: number }
  | { readonly is: 'waiting'; readonly since: number }
  /** Its `before` runs. */
  | { readonly is: 'preparing'; readonly since: number }
  | { readonly is: 'starting'; readonly since: number }
  /** A job at work. */
  | { readonly is: 'running'; readonly since: number }
  | { readonly is: 'ready'; readonly since: number }
  /** Booted, and waits to be let in. */
  | { readonly is: 'spare'; readonly since: number }
  | { readonly is: 'stopping'; readonly since: number; readonly next: AfterStop }
  /** Its `after` runs. */
  | { readonly is: 'tidying'; readonly since: number; readonly next: AfterStop }
  | { readonly is: 'backing-off'; readonly since: number; readonly until: number }
  /** It ended well, and is not to be started again. */
  | { readonly is: 'done'; readonly since: number }
  | { readonly is: 'failed'; readonly since: number; readonly why: string }

export type AfterStop = 'stopped' | 'waiting' | 'backing-off' | 'done' | 'failed'

/** Which of its commands runs. */
export type Role = 'before' | 'command' | 'after'

/** All that is remembered about one replica of a service, or about its spare. */
export interface Life {
  readonly service: Service
  /** By what its process is known: the name of the service, with a number behind it where there is more than one. */
  readonly id: string
  /** Which replica it is, from 1; undefined for a spare. */
  readonly replica: number | undefined
  readonly state: ServiceState
  /** Counts spawns. */
  readonly generation: number
  /** What the latest generation runs. */
  readonly role: Role
  /** The process group that lives, or may still have members; `at`: when it was started, or let in. */
  readonly run?: { readonly pid: number; readonly at: number } | undefined
  /** Restarts since the last stable run, and the longest that the next one may wait. */
  readonly attempt: number
  readonly ceiling: number
  /** When it failed, as far back as it matters for giving up. */
  readonly failures: readonly number[]
  /** Restarts that nobody asked for, and all of them by their reason. */
  readonly restarts: number
  readonly reasons: Readonly<Partial<Record<RestartReason, number>>>
  /** Why it is to be started again, from when that is known until it is. */
  readonly cause?: RestartCause | undefined
  readonly lastRestart?: (RestartCause & { readonly at: number }) | undefined
  /** Checks in a row that failed, and when the first one did. */
  readonly ailing?: { readonly failures: number; readonly why: string; readonly since: number } | undefined
  /** Whether it had too much memory when it was last looked at. */
  readonly heavy: boolean
  /** When it is restarted though nothing is wrong. */
  readonly due?: Due | undefined
  readonly lastExit?: ExitCause & { readonly at: number }
  readonly lastError?: string
}

/** What a spare takes over from the one that fell and whose place it takes. */
export type Past = Pick<
  Life,
  'attempt' | 'ceiling' | 'failures' | 'restarts' | 'reasons' | 'cause' | 'lastExit' | 'lastError'
>

export interface RestartCause {
  readonly reason: RestartReason
  readonly why: string
}

export type Timer = 'ready' | 'grace' | 'backoff' | 'hook' | 'schedule'

/** What happens to a service: asked for, or reported by what an effect set going. */
export type LifeEvent =
  | { readonly is: 'start' | 'restart' }
  /** `why`: what made it stop, when nobody asked for it. */
  | { readonly is: 'stop'; readonly why?: string }
  /** Another one of its group fell. */
  | { readonly is: 'join'; readonly why: string }
  | { readonly is: 'cleared' }
  /** A spare takes the place of one that fell. */
  | { readonly is: 'let-in'; readonly replica: number; readonly past: Past }
  /** It fell and another took its place: it is to be the spare, once it is gone. */
  | { readonly is: 'step-back' }
  | { readonly is: 'spawned'; readonly generation: number; readonly pid: number }
  | { readonly is: 'unspawned'; readonly generation: number; readonly why: string }
  | { readonly is: 'probed'; readonly generation: number }
  /** A check of its liveness; `why` when it failed. */
  | { readonly is: 'checked'; readonly generation: number; readonly why?: string | undefined }
  | { readonly is: 'weighed'; readonly generation: number; readonly bytes: number }
  | ({ readonly is: 'exited'; readonly generation: number } & ExitCause)
  | { readonly is: 'gone'; readonly generation: number }
  | { readonly is: 'survived'; readonly generation: number }
  | { readonly is: 'waited'; readonly generation: number; readonly timer: Timer }

/** When an event happened (clock and wall, ms; the wall since 1970), and a random number in [0, 1) for it. */
export interface Moment {
  readonly at: number
  readonly wall: number
  readonly chance: number
}

/**
 * What to do next, in order.
 *
 * `spawn` answers with spawned or unspawned, then exited; without a `replica` it is a spare, which waits for `admit`. `probe` may answer probed, `watch` answers checked again and
 * again; `cancel-probe` ends either. `wait` replaces an earlier wait. `reap` kills what is left of the group and answers
 * gone or survived; asking twice is harmless. `group` has the rest of the group join in, or stop for good.
 */
export type Effect =
  | {
      readonly do: 'spawn'
      readonly generation: number
      readonly role: Role
      readonly replica: number | undefined
    }
  | { readonly do: 'admit'; readonly generation: number; readonly replica: number }
  | { readonly do: 'probe'; readonly generation: number }
  | { readonly do: 'watch'; readonly generation: number }
  | { readonly do: 'cancel-probe' }
  | { readonly do: 'signal'; readonly pid: number; readonly signal: NodeJS.Signals }
  | { readonly do: 'reap'; readonly generation: number; readonly pid: number }
  | { readonly do: 'wait'; readonly generation: number; readonly timer: Timer; readonly ms: number }
  | { readonly do: 'cancel-wait' }
  | { readonly do: 'group'; readonly event: LifeEvent & { readonly is: 'join' | 'stop' } }
  | { readonly do: 'announce'; readonly event: GovernorEvent }

export interface Step {
  readonly life: Life
  readonly effects: readonly Effect[]
}
