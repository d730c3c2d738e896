import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { gateway } from '@holdfast/gateway'
import type { ControlClient } from '@holdfast/governor'
import { upstreamWatch } from './checks/upstream-watch.ts'
import type { Environment } from './config/environment.ts'
import type { Config } from './config/schema.ts'
import { controlDoor } from './control-door.ts'
import { edgeHealth } from './edge-health.ts'
import { edgeLedger } from './edge-ledger.ts'
import { edgeLog } from './edge-log.ts'
import { edgeTraces, tracingOf } from './edge-traces.ts'
import { gatewayOptions } from './gateway-options.ts'
import { governorWatch } from './governor-watch.ts'
import { type GracefulCloseOptions, gracefulClose } from './graceful-close.ts'
import { identifyRefusals } from './identify-refusals.ts'
import { loopLag } from './loop-lag.ts'
import type { EdgeCalls } from './operators.ts'
import { crewAils, type EdgeStatus, otherReplicas } from './replicas/edge-replica.ts'
import type { EdgeReport } from './replicas/edges.ts'
import { fairShare } from './replicas/fair-share.ts'
import { answerFolder } from './state-folder.ts'
import { type GovernorView, statusOf } from './status.ts'

export interface EdgeOptions {
  readonly config: Config
  readonly governor: ControlClient
  /** Where OpenTelemetry's variables may name a collector. */
  readonly environment?: Environment
  /** File descriptors of the two held sockets. */
  readonly sockets: { readonly gateway: number; readonly control: number }
  /** Where it is kept who used how much; nowhere by default. */
  readonly state?: string | undefined
  /** Where the lines of the log go; the process's standard output by default. */
  readonly output?: NodeJS.WritableStream
}

export interface Edge {
  /** What the governor may ask, itself or for another process of the edge. */
  readonly calls: EdgeCalls & { status(): EdgeStatus }
  /** Asks the governor how much is to be told. */
  refreshLog(): Promise<void>
  /** The services that the governor should run are others now. */
  govern(services: readonly string[]): void
  /** Lets the requests in flight finish for a while, then ends all connections. */
  close(): Promise<void>
}

/** Serves the gateway and the control API, and reports to the governor. */
export async function edge(options: EdgeOptions): Promise<Edge> {
  const { config, governor, environment = {}, sockets, state, output } = options
  const loaded = Promise.withResolvers<unknown>()
  const ledger =
    state === undefined
      ? undefined
      : edgeLedger({ state, after: loaded.promise, say: (message) => log.warn(message) })
  const door = gateway({
    ...gatewayOptions(config),
    ledger,
    cache: { ...config.gateway.cache, folder: state === undefined ? undefined : answerFolder(state) },
    on: (event) => log.event(event),
    live: () => health.live(),
    ready: () => health.ready(),
  })
  const outside = upstreamWatch({ config, after: loaded.promise })
  const status = (): EdgeStatus => ({ gateway: door.status(), outside: outside.known() })
  let view: GovernorView | undefined
  /** The connections that each of the other processes of the edge has. */
  let elsewhere: readonly number[] = []
  const clients = serverOf(door.handle)
  const share = fairShare(clients, { others: () => elsewhere })
  // The governor answers a report with how it is itself.
  const ask = async (): Promise<GovernorView> => {
    const report: EdgeReport = { pid: process.pid, connections: share.connections(), status: status() }
    view = (await governor.call('report', report, { timeout: reportTimeout })) as GovernorView
    // One that hangs gets no connections, and is nobody to compare oneself with.
    const awake = otherReplicas(view, process.pid).filter(({ age }) => age < 2 * reportEvery)
    elsewhere = awake.map(({ connections }) => connections)
    return view
  }
  const ailing = (of: GovernorView) => otherReplicas(of, process.pid).map((each) => each.ailing)
  const watch = governorWatch({ ask, every: reportEvery })
  const lag = loopLag({ after: loaded.promise })
  const services = Object.keys(config.services)
  const seen = { governor: watch, gateway: door.status, lag }
  /** Of this process, which is all that the gateway's own door tells. */
  const health = edgeHealth({
    ...seen,
    services: [],
    outside: { parts: [], seen: () => ({ status: 'unknown' }) },
  })
  const whole = edgeHealth({
    ...seen,
    services,
    outside,
    others: () => ({ ails: view && crewAils(view.edge, view.edges), ailing: view ? ailing(view) : [] }),
  })

  const open = listening(clients, {
    fd: sockets.gateway,
    patience: config.gateway.drain,
    leave: door.leave,
  })
  const log = edgeLog({ governor, after: open, ...(output && { to: output }) })
  const traces = edgeTraces({ tracing: tracingOf(config, environment), after: open, say: log.warn })

  // The control API is not needed to answer the first request after a restart, so the gateway does not wait for it.
  const operating = import('./operators.ts').then(({ operators }) =>
    operators({
      governor,
      heard: watch.heard,
      health: whole,
      known: (of) => statusOf(of, [status()], ailing(of)),
      gateway: door.families,
      traces,
      usage: ledger?.read,
      refreshLog: log.refresh,
      complain: log.error,
    }),
  )
  loaded.resolve(Promise.allSettled([operating, traces.records()]))
  const doors = await Promise.all([
    open,
    listening(
      serverOf(controlDoor(operating, (error) => log.error(error, 'the control API could not be loaded'))),
      { fd: sockets.control },
    ),
  ])

  return {
    calls: {
      status,
      families: async (asked) => (await operating).calls.families(asked),
      traces: async (asked) => (await operating).calls.traces(asked),
    },
    refreshLog: log.refresh,
    govern: whole.govern,
    async close() {
      watch.close()
      lag.close()
      health.drain()
      whole.drain()
      await Promise.all([...doors.map((each) => each.close()), outside.close()])
      await door.close()
      ledger?.close()
      await traces.close()
      await log.close()
    },
  }
}

/** How long after one report the next follows, and how long the governor may take to answer it, in ms: together less than for how long one is believed. */
const reportEvery = 500
const reportTimeout = 2_000

function serverOf(handle: RequestListener): Server {
  const server = createServer({ noDelay: true, keepAliveTimeout: 60_000 }, handle)
  identifyRefusals(server)
  return server
}

/** Listens, and answers with what closes the server; within less than the governor's grace, so that the edge ends by itself. */
async function listening(
  server: Server,
  {
    fd,
    patience,
    leave,
  }: Pick<GracefulCloseOptions, 'leave'> & {
    readonly fd: number
    readonly patience?: number | undefined
  },
): Promise<{ close(): Promise<void> }> {
  const close = gracefulClose(server, { leave, ...(patience !== undefined && { patience }) })
  server.listen({ fd })
  await once(server, 'listening')
  return { close }
}
