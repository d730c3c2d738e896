import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { gateway } from '@holdfast/gateway'
import type { ControlClient } from '@holdfast/governor'
import type { Family } from '@holdfast/telemetry'
import type { AnnouncedProcess, ProcessPolicies } from './announced.ts'
import { upstreamWatch } from './checks/upstream-watch.ts'
import type { Environment } from './config/environment.ts'
import type { Config } from './config/schema.ts'
import { controlDoor } from './control-door.ts'
import { edgeHealth } from './edge-health.ts'
import { edgeLog } from './edge-log.ts'
import { reportEvery } from './edge-report.ts'
import { edgeTraces, tracingOf } from './edge-traces.ts'
import { gatewayOptions } from './gateway-options.ts'
import { governorWatch } from './governor-watch.ts'
import { gracefulClose } from './graceful-close.ts'
import { identifyRefusals } from './identify-refusals.ts'
import type { LogLevelSwitch } from './log-level-routes.ts'
import type { LogLevels } from './log-levels.ts'
import { loopLag } from './loop-lag.ts'
import type { Steering } from './policy-routes.ts'
import { type GovernorView, type Status, statusOf } from './status.ts'

export interface EdgeOptions {
  readonly config: Config
  readonly governor: ControlClient
  /** Where OpenTelemetry's variables may name a collector. */
  readonly environment?: Environment
  /** File descriptors of the two held sockets. */
  readonly sockets: { readonly gateway: number; readonly control: number }
  /** Where the lines of the log go; the process's standard output by default. */
  readonly output?: NodeJS.WritableStream
}

export interface Edge {
  /** Asks the governor how much is to be told. */
  refreshLog(): Promise<void>
  /** The services that the governor should run are others now. */
  govern(services: readonly string[]): void
  /** Lets the requests in flight finish for a while, then ends all connections. */
  close(): Promise<void>
}

/** Serves the gateway and the control API, and reports to the governor twice a second. */
export async function edge(options: EdgeOptions): Promise<Edge> {
  const { config, governor, environment = {}, sockets, output } = options
  const door = gateway({
    ...gatewayOptions(config),
    on: (event) => log.event(event),
    live: () => health.live(),
    ready: () => health.ready(),
  })
  // The governor answers a report with how it is itself.
  const ask = async (): Promise<GovernorView> =>
    (await governor.call('report', door.status(), { timeout: reportTimeout })) as GovernorView
  const watch = governorWatch({ ask, every: reportEvery })
  const loaded = Promise.withResolvers<unknown>()
  const lag = loopLag({ after: loaded.promise })
  const services = Object.keys(config.services)
  const outside = upstreamWatch({ config, after: loaded.promise })
  const health = edgeHealth({ services, governor: watch, gateway: door.status, outside, lag })
  const status = async (): Promise<Status> =>
    statusOf((await governor.call('governor', undefined, shortly)) as GovernorView, door.status())

  const steering: Steering = {
    policies: async () => (await governor.call('policies', undefined, shortly)) as ProcessPolicies[],
    reset: async (named) => (await governor.call('reset', named)) as AnnouncedProcess[],
    isolate: async (named) => (await governor.call('isolate', named)) as AnnouncedProcess[],
  }

  const logLevels: LogLevelSwitch = {
    levels: async () => (await governor.call('log-level', undefined, shortly)) as LogLevels,
    async change(change) {
      const levels = (await governor.call('set-log-level', change, shortly)) as LogLevels
      await log.refresh()
      return levels
    },
  }

  const open = listening(door.handle, sockets.gateway)
  const log = edgeLog({ governor, after: open, ...(output && { to: output }) })
  const traces = edgeTraces({ tracing: tracingOf(config, environment), after: open, say: log.warn })

  // The control API is not needed to answer the first request after a restart, so the gateway does not wait for it.
  const operators = Promise.all([import('./control-api.ts'), import('./edge-metrics.ts')]).then(
    ([{ controlApi }, { edgeMetrics }]) => {
      const metrics = edgeMetrics({
        status: async () => statusOf((await watch.heard()).view, door.status()),
        silence: async () => (await watch.heard()).age,
        policies: async () => (await governor.call('policies', undefined, shortly)) as ProcessPolicies[],
        gateway: door.families,
        governor: async () => (await governor.call('process', undefined, shortly)) as Family[],
        traces,
        complain: (error) => log.error(error, 'some numbers could not be told'),
      })
      return controlApi({
        status,
        health,
        steering,
        metrics,
        traces: traces.records,
        logLevels,
        complain: (error) => log.error(error, 'the control API could not tell something'),
      })
    },
  )
  loaded.resolve(Promise.allSettled([operators, traces.records()]))
  const doors = await Promise.all([
    open,
    listening(
      controlDoor(operators, (error) => log.error(error, 'the control API could not be loaded')),
      sockets.control,
    ),
  ])

  return {
    refreshLog: log.refresh,
    govern: health.govern,
    async close() {
      watch.close()
      lag.close()
      health.drain()
      await Promise.all([...doors.map((each) => each.close()), outside.close()])
      await door.close()
      await traces.close()
      await log.close()
    },
  }
}

/** How long the governor may take to answer a report before the next one is sent, in ms: less than for how long one is believed. */
const reportTimeout = 2_000

/** How long a governor that hangs may hold up a status or a scrape, in ms: less than scrapers wait. */
const shortly = { timeout: 2_000 }

/** Listens, and answers with what closes the server; within less than the governor's grace, so that the edge ends by itself. */
async function listening(handle: RequestListener, fd: number): Promise<{ close(): Promise<void> }> {
  const server = createServer({ noDelay: true, keepAliveTimeout: 60_000 }, handle)
  identifyRefusals(server)
  const close = gracefulClose(server)
  server.listen({ fd })
  await once(server, 'listening')
  return { close }
}
