import { foremost } from './crew/foremost.ts'
import type { RestartReason } from './governor-event.ts'
import type { Life } from './life/life.ts'
import type { Usage } from './process-usage.ts'
import { together } from './service-status.ts'

/** One service in numbers; of one that is several processes, those of all together. */
export interface ServiceMetrics {
  readonly service: string
  /** Restarts by their reason, since the governor was made. */
  readonly restarts: Readonly<Partial<Record<RestartReason, number>>>
  /** How long the process has run that stands for the service, in ms; 0 when there is none. */
  readonly uptime: number
  /** What its process groups use (bytes, seconds of CPU); undefined when there are none, or the system does not tell. */
  readonly usage: Usage | undefined
  /** Of a service that is several processes: what each of them uses. A spare has no number. */
  readonly replicas?: readonly {
    readonly replica: number | undefined
    readonly uptime: number
    readonly usage: Usage | undefined
  }[]
}

/** What is counted of the lives of a service. */
export const serviceMetrics = (
  lives: readonly Life[],
  now: number,
  used: ReadonlyMap<number, Usage>,
): ServiceMetrics => {
  const uptime = ({ run }: Life) => (run ? now - run.at : 0)
  const usageOf = ({ run }: Life) => run && used.get(run.pid)
  const first = foremost(lives)
  const usages = lives.flatMap((life) => usageOf(life) ?? [])
  return {
    service: first.service.name,
    restarts: together(lives.map(({ reasons }) => reasons)),
    uptime: uptime(first),
    usage:
      usages.length === 0
        ? undefined
        : usages.reduce((sum, { memory, cpu }) => ({ memory: sum.memory + memory, cpu: sum.cpu + cpu })),
    ...(lives.length > 1 && {
      replicas: lives.map((life) => ({ replica: life.replica, uptime: uptime(life), usage: usageOf(life) })),
    }),
  }
}
