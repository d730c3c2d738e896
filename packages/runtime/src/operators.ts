import type { ControlClient } from '@holdfast/governor'
import type { Family } from '@holdfast/telemetry'
import type { TraceRecord, TracesAsked } from '@holdfast/telemetry/tracing'
import type { AnnouncedProcess, ProcessPolicies } from './announced.ts'
import { controlApi } from './control-api.ts'
import type { Operators } from './control-door.ts'
import type { EdgeHealth } from './edge-health.ts'
import { edgeMetrics } from './edge-metrics.ts'
import type { EdgeTraces } from './edge-traces.ts'
import type { LogLevels } from './log-levels.ts'
import { inParts } from './replicas/in-parts.ts'
import { inPieces } from './replicas/joined-families.ts'
import { otherEdges } from './replicas/other-edges.ts'
import { wholeTraces } from './replicas/whole-traces.ts'
import type { GovernorView, Status } from './status.ts'
import type { UsageSource } from './usage-routes.ts'

export interface OperatorsOptions {
  readonly governor: ControlClient
  readonly heard: () => Promise<{ readonly view: GovernorView; readonly age: number }>
  readonly health: EdgeHealth
  /** As far as it is known without asking anybody. */
  readonly known: (view: GovernorView) => Status
  /** What the gateway of this process counted. */
  readonly gateway: () => readonly Family[]
  readonly traces: EdgeTraces
  /** None by default. */
  readonly usage?: UsageSource | undefined
  /** The level of this process's own log is another one. */
  readonly refreshLog: () => Promise<void>
  readonly complain: (error: unknown, what: string) => void
}

/** The calls that the other processes of the edge make; each is answered in parts. */
export interface EdgeCalls {
  /** What this process counted, as metric families. */
  families(asked: unknown): Promise<unknown>
  /** The traces that it kept, `TracesAsked`. */
  traces(asked: unknown): Promise<unknown>
}

/** How long a governor that hangs may hold up a status or a scrape, in ms: less than scrapers wait. */
const shortly = { timeout: 2_000 }

/** What answers operators: one door, whichever process of the edge they come to. */
export async function operators(
  options: OperatorsOptions,
): Promise<Operators & { readonly calls: EdgeCalls }> {
  const { governor, heard, health, known, gateway, traces, usage, refreshLog, complain } = options
  const ask = <T>(call: string, input?: unknown): Promise<T> =>
    governor.call(call, input, shortly) as Promise<T>
  const policies = (): Promise<ProcessPolicies[]> => ask('policies')
  const others = otherEdges({
    governor,
    heard,
    pid: process.pid,
    complain: (error) => complain(error, 'another process of the edge did not answer'),
  })
  const metrics = edgeMetrics({
    status: async () => known((await heard()).view),
    silence: async () => (await heard()).age,
    policies,
    gateway,
    governor: () => ask('process'),
    traces,
    others,
    complain: (error) => complain(error, 'some numbers could not be told'),
  })
  const { routing } = await controlApi({
    async status() {
      const view = await ask<GovernorView>('governor')
      return (await others.number()) === undefined ? known(view) : ask('status')
    },
    health,
    steering: {
      policies,
      reset: async (named) => (await governor.call('reset', named)) as AnnouncedProcess[],
      isolate: async (named) => (await governor.call('isolate', named)) as AnnouncedProcess[],
    },
    metrics,
    traces: wholeTraces(traces.records, others),
    ...(usage && { usage }),
    logLevels: {
      levels: () => ask('log-level'),
      async change(change) {
        const levels = await ask<LogLevels>('set-log-level', change)
        await refreshLog()
        return levels
      },
    },
    complain: (error) => complain(error, 'the control API could not tell something'),
  })
  return {
    routing,
    calls: {
      families: inParts(async () => inPieces(await metrics.families())),
      traces: inParts<TraceRecord>((asked) => traces.records(Object(asked) as TracesAsked)),
    },
  }
}
