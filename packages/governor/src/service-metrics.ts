import type { RestartReason } from './governor-event.ts'
import type { Life } from './life.ts'
import type { Usage } from './process-usage.ts'

/** One service in numbers. */
export interface ServiceMetrics {
  readonly service: string
  /** Restarts by their reason, since the governor was made. */
  readonly restarts: Readonly<Partial<Record<RestartReason, number>>>
  /** How long the process has run, in ms; 0 when there is none. */
  readonly uptime: number
  /** What its process group uses (bytes, seconds of CPU); undefined when there is none, or the system does not tell. */
  readonly usage: Usage | undefined
}

/** What is counted of a life. */
export const serviceMetrics = (life: Life, now: number, usage: Usage | undefined): ServiceMetrics => ({
  service: life.service.name,
  restarts: life.reasons,
  uptime: life.run ? now - life.run.at : 0,
  usage,
})
