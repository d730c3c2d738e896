import { byNumber, foremost } from './crew/foremost.ts'
import type { ExitCause, RestartReason } from './governor-event.ts'
import type { Life, RestartCause, ServiceState } from './life/life.ts'

/** One service at one moment. `at`, `since` and `until` are readings of the governor's clock, in ms. */
export interface ServiceStatus extends ProcessStatus {
  readonly name: string
  /** Of a service that is several processes: `wanted` is how many replicas there shall be, and how many of them are `ready`. */
  readonly replicas?: {
    readonly wanted: number
    readonly ready: number
    readonly each: readonly ReplicaStatus[]
  }
}

/** One process of a service. */
export interface ReplicaStatus extends ProcessStatus {
  /** From 1; undefined is a spare. While one is replaced, two have its number. */
  readonly replica: number | undefined
}

/** How a process is. Of a service that is several, one that is ready stands for all as long as enough of them are. */
export interface ProcessStatus {
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

/** What others may see of the lives of a service, of which there shall be so many. */
export const serviceStatus = (
  lives: readonly Life[],
  { wanted, now }: { readonly wanted: number; readonly now: number },
): ServiceStatus => {
  const first = foremost(lives)
  const { name } = first.service
  const own = { name, ...processStatus(first, now) }
  if (lives.length === 1 && wanted === 1) return own
  const each = lives
    .toSorted(byNumber)
    .map((life) => ({ replica: life.replica, ...processStatus(life, now) }))
  const replicas = each.filter(({ replica }) => replica !== undefined)
  const ready = new Set(replicas.filter(({ state }) => state.is === 'ready').map(({ replica }) => replica))
  return {
    ...own,
    restarts: replicas.reduce((sum, { restarts }) => sum + restarts, 0),
    reasons: together(replicas.map(({ reasons }) => reasons)),
    lastRestart: latest(replicas.map(({ lastRestart }) => lastRestart)),
    ailing: replicas.find(({ ailing }) => ailing)?.ailing,
    lastExit: latest(replicas.map(({ lastExit }) => lastExit)),
    lastError: own.lastError ?? replicas.find(({ lastError }) => lastError !== undefined)?.lastError,
    replicas: { wanted, ready: ready.size, each },
  }
}

const processStatus = (life: Life, now: number): ProcessStatus => ({
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

const latest = <T extends { readonly at: number }>(all: readonly (T | undefined)[]): T | undefined =>
  all.reduce((one, other) => ((other?.at ?? -Infinity) > (one?.at ?? -Infinity) ? other : one), undefined)

type Reasons = ProcessStatus['reasons']

/** Counts by reason, summed up. */
export const together = (all: readonly Reasons[]): Reasons => {
  const sum: Partial<Record<RestartReason, number>> = {}
  for (const reasons of all)
    for (const [reason, count] of Object.entries(reasons) as [RestartReason, number][])
      sum[reason] = (sum[reason] ?? 0) + count
  return sum
}
