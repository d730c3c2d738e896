import type { ExitCause } from './governor-event.ts'
import type { Life, ServiceState } from './life.ts'

/** One service at one moment. `at`, `since` and `until` are readings of the governor's clock, in ms. */
export interface ServiceStatus {
  readonly name: string
  readonly state: ServiceState
  /** Leader and number of the process group, while one lives. */
  readonly pid: number | undefined
  /** Restarts that nobody asked for, since the governor was made. */
  readonly restarts: number
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
  lastExit: life.lastExit,
  lastError: life.lastError,
  uptime: life.run ? now - life.run.at : 0,
})
