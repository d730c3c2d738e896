import type { ExitCause, RestartReason } from './governor-event.ts'
import type { Life, RestartCause, ServiceState } from './life.ts'

/** One service at one moment. `at`, `since` and `until` are readings of the governor's clock, in ms. */
export interface ServiceStatus {
  readonly name: string
  readonly state: ServiceState
  /** Leader and number of the process group, while one lives. */
  readonly pid: number | undefined
  /** Restarts that nobody asked for, since the governor was made. */
  readonly restarts: number
  /** All restarts by their reason, those that were asked for as well; what never happened is not there. */
  readonly reasons: Readonly<Partial<Record<RestartReason, number>>>
  readonly lastRestart: (RestartCause & { readonly at: number }) | undefined
  /** Why it is not well though it is ready: how many checks in a row failed since when, and what the last one said. */
  readonly ailing: { readonly failures: number; readonly why: string; readonly since: number } | undefined
  readonly lastExit: (ExitCause & { readonly at: number }) | undefined
  /** Why it last failed; kept while it runs again. */
  readonly lastError: string | undefined
  /** How long the process has run, in ms; 0 when there is none. */
  readonly uptime: number
}

/** What others may see of a life. */
export const serviceStatus = (life: Life, now: number): ServiceStatus => ({
  name: life.service.name,
  state: life.state,
  pid: life.run?.pid,
  restarts: life.restarts,
  reasons: life.reasons,
  lastRestart: life.lastRestart,
  ailing: life.ailing,
  lastExit: life.lastExit,
  lastError: life.lastError,
  uptime: life.run ? now - life.run.at : 0,
})
