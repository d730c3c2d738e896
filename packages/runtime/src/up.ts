import { dirname, resolve } from 'node:path'
import type { GatewayStatus } from '@holdfast/gateway'
import {
  addressFree,
  type ClaimedState,
  claimState,
  controlPath,
  type Governor,
  GovernorError,
  type GovernorEvent,
  holdListener,
  processGovernor,
  type StartResult,
  serveControl,
} from '@holdfast/governor'
import { type ChildRecord, childLines } from '@holdfast/telemetry/lines'
import { processMetrics } from '@holdfast/telemetry/process'
import { announced } from './announced.ts'
import { configOf } from './config/config-of.ts'
import type { Environment } from './config/environment.ts'
import type { Config } from './config/schema.ts'
import { addressText } from './config/units.ts'
import { edgeName } from './edge-contract.ts'
import { edgeReport } from './edge-report.ts'
import { edgeSpec } from './edge-spec.ts'
import { keptLogs } from './kept-logs.ts'
import { logLevels } from './log-levels.ts'
import { pauseOfBoth } from './pause-of-both.ts'
import { serviceSpecs } from './service-specs.ts'
import { logFolder, stateFolder } from './state-folder.ts'
import { type GovernorView, type Status, statusOf } from './status.ts'
import { version } from './version.ts'

export interface UpOptions {
  readonly file: string
  /** What `${NAME}` in the file means. */
  readonly environment: Environment
  /** What a service, or the edge, says in a line, as far as its level is told; without secrets. Until a promise that it answers with settles, that output waits. */
  readonly log?: (record: ChildRecord) => unknown
  readonly on?: (event: GovernorEvent) => void
}

/** A running Holdfast, seen from its governor. */
export interface Up extends AsyncDisposable {
  /** How the first start went; never rejects, since what failed is tried again. */
  readonly started: Promise<StartResult>
  status(): Status
  /** Stops everything in reverse order; resolves when no process and no socket is left. */
  stop(): Promise<void>
}

/**
 * Brings up what a file names: its services, and the edge, a process of its own that serves the gateway and the control API on sockets which this
 * process holds. Throws before anything is started: `ConfigError`, or a `GovernorError` for an address in use or a Holdfast that runs already.
 */
export async function up({ file: given, environment, log, on }: UpOptions): Promise<Up> {
  const file = resolve(given)
  const config = await configOf(given, environment)
  const state = stateFolder(file)
  const began = performance.now()
  const report = edgeReport()
  const read = childLines()
  const pause = pauseOfBoth()
  let supervisor: Governor

  const view = (): GovernorView => {
    const all = supervisor.status()
    return {
      version,
      file,
      pid: process.pid,
      uptime: performance.now() - began,
      listen: { gateway: addressText(config.gateway.listen), control: addressText(config.control.listen) },
      edge: all.find(({ name }) => name === edgeName)!,
      services: all.filter(({ name }) => name !== edgeName),
    }
  }
  const status = (): Status => statusOf(view(), report.latest())
  let changed = (): void => {}
  const levels = logLevels({
    from: config.telemetry.log,
    services: [...Object.keys(config.services), edgeName],
    changed: () => changed(),
  })
  const path = controlPath(state)
  const held = new AsyncDisposableStack()
  const own = held.adopt(processMetrics(), (metrics) => metrics.close())
  try {
    // First, so that of two at once only one goes on; and given back last.
    const claimed = held.use(await claimState(state))
    const { keep } = config.telemetry.log
    const logs = held.use(keptLogs({ folder: logFolder(file), keep, ...(on && { on }) }))
    const control = held.use(
      await serveControl({
        path,
        calls: {
          ...announced().calls,
          'log-level': levels.all,
          'set-log-level': levels.change,
          configuration: () => config,
          governor: view,
          process: () => own.families(),
          status,
          report(status) {
            report.tell(status as GatewayStatus)
            return view()
          },
        },
      }),
    )
    changed = () => control.broadcast({ type: 'log-level.changed' })
    await demandFree(config, claimed)
    const listen = []
    for (const address of [config.gateway.listen, config.control.listen])
      listen.push(held.adopt(await holdListener(address), (socket) => socket.close()))
    const edge = edgeSpec({ listen, governor: path, state, cwd: dirname(file), environment })
    supervisor = processGovernor({
      services: [...serviceSpecs(config, { file, governor: path }), edge],
      state: claimed,
      log: (written) => {
        const { service, run, stream, line } = written
        const record = log && read(line, { service, run, stream, least: levels.of(service) })
        return pause(logs.write(written), record && log(record))
      },
    })
  } catch (error) {
    await held.disposeAsync()
    throw error
  }
  supervisor.on((event) => {
    if (event.type === 'service.exited' && event.service === edgeName) report.forget()
    on?.(event)
  })

  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    // The edge first, so that requests in flight still find the services they need.
    stopping ??= supervisor
      .stop(edgeName)
      .then(() => supervisor.stop())
      .finally(() => held.disposeAsync())
    return stopping
  }
  return { started: supervisor.start(), status, stop, [Symbol.asyncDispose]: stop }
}

async function demandFree({ services }: Config, { left }: ClaimedState): Promise<void> {
  for (const [name, { listen }] of Object.entries(services)) {
    // One that outlived its governor is still there, and listens.
    if (listen === undefined || left.has(name) || (await addressFree(listen))) continue
    throw new GovernorError(
      'ADDRESS_IN_USE',
      `the service '${name}' should listen on ${addressText(listen)}, and another program does already`,
      'stop that program, or choose another port',
    )
  }
}
