import { dirname, resolve } from 'node:path'
import {
  addressFree,
  type ClaimedState,
  claimState,
  controlPath,
  demandSupported,
  type Governor,
  GovernorError,
  type GovernorEvent,
  holdListener,
  processGovernor,
  type StartResult,
  serveControl,
  serviceLogs,
} from '@holdfast/governor'
import { type ChildRecord, childLines } from '@holdfast/telemetry/lines'
import { processMetrics } from '@holdfast/telemetry/process'
import { announced } from './announced.ts'
import type { Environment } from './config/environment.ts'
import { readApart } from './config/read-apart.ts'
import type { Config, ServiceConfig } from './config/schema.ts'
import { addressText } from './config/units.ts'
import { type EdgeEvent, edgeName } from './edge-contract.ts'
import { edgeSpec } from './edge-spec.ts'
import { heldSockets } from './held-sockets.ts'
import { logLevels } from './log-levels.ts'
import { pauseOfBoth } from './pause-of-both.ts'
import { type Reloaded, type Reloading, reloading } from './reloading.ts'
import { type EdgeReport, edges } from './replicas/edges.ts'
import { serviceCalls } from './service-calls.ts'
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
  /** The system that it runs on; by default this one. */
  readonly platform?: NodeJS.Platform
}

/** A running Holdfast, seen from its governor. */
export interface Up extends AsyncDisposable {
  /** How the first start went; never rejects, since what failed is tried again. */
  readonly started: Promise<StartResult>
  status(): Status
  /** Reads the file again, as `Reloading.reload` does; rejects with `NOT_NOW` while it stops. */
  reload(): Promise<Reloaded>
  /** Stops everything in reverse order; resolves when no process and no socket is left. */
  stop(): Promise<void>
}

/**
 * Brings up what a file names: its services, and the edge, a process of its own that serves the gateway and the control API on sockets which this
 * process holds. Throws before anything is started: `ConfigError`, or a `GovernorError` for an address in use, a Holdfast that runs already, or Windows.
 */
export async function up({ file: given, environment, log, on, platform }: UpOptions): Promise<Up> {
  demandSupported(platform)
  const file = resolve(given)
  const config = await readApart(given, environment)
  const state = stateFolder(file)
  const began = performance.now()
  const crew = edges()
  const read = childLines()
  const pause = pauseOfBoth()
  let supervisor: Governor | undefined
  let files: Reloading
  let stopping: Promise<void> | undefined

  const view = (): GovernorView => {
    const all = supervisor!.status()
    const edge = all.find(({ name }) => name === edgeName)!
    return {
      version,
      file,
      pid: process.pid,
      uptime: performance.now() - began,
      listen: { gateway: addressText(config.gateway.listen), control: addressText(config.control.listen) },
      edge,
      edges: crew.replicas(edge),
      services: all.filter(({ name }) => name !== edgeName),
    }
  }
  const status = (): Status => {
    const now = view()
    return statusOf(now, crew.latest(now.edge))
  }
  let tell = (_: EdgeEvent | GovernorEvent): void => {}
  const happened = (event: GovernorEvent): void => {
    tell(event)
    on?.(event)
  }
  const levels = logLevels({
    from: config.telemetry.log,
    services: [...Object.keys(config.services), edgeName],
    changed: () => tell({ type: 'log-level.changed' }),
  })
  const steering = serviceCalls({
    governor: () => (stopping ? undefined : supervisor),
    reload: () => files.reload(),
  })
  const path = controlPath(state)
  const held = new AsyncDisposableStack()
  const own = held.adopt(processMetrics(), (metrics) => metrics.close())
  try {
    // First, so that of two at once only one goes on; and given back last.
    const claimed = held.use(await claimState(state))
    let { keep } = config.telemetry.log
    const logs = held.use(serviceLogs({ folder: logFolder(file), keep: () => keep, on: happened }))
    const control = held.use(
      await serveControl({
        path,
        calls: {
          ...announced().calls,
          'log-level': levels.all,
          'set-log-level': levels.change,
          ...steering,
          configuration: () => files.config(),
          governor: view,
          process: () => own.families(),
          status: async () => statusOf(view(), await crew.now(view().edge)),
          edge: crew.ask,
          report(told, peer) {
            crew.report(told as EdgeReport, peer)
            return view()
          },
        },
      }),
    )
    tell = control.broadcast
    await demandFree(config.services, claimed)
    const listen = []
    for (const address of [config.gateway.listen, config.control.listen])
      listen.push(held.adopt(await holdListener(address), (socket) => socket.close()))
    const sockets = held.use(heldSockets())
    let readings = 0
    await sockets.take(config.services)
    const edge = { listen, governor: path, state, cwd: dirname(file), environment }
    files = reloading({
      config,
      read: () => readApart(given, environment),
      specs: (said, served) => [
        ...serviceSpecs(said, { file, governor: path, sockets: sockets.of }),
        edgeSpec({ ...edge, served, gateway: said.gateway }),
      ],
      demand: async (next, before) => {
        await demandFree(withNewAddress(next, before), claimed)
        readings += 1
        await sockets.take(next.services)
      },
      apply: async (next) => {
        const mine = readings
        const applied = await supervisor!.apply(next)
        // What failed may go on as it was before, and on the socket that it had; and a later file may have taken others.
        if (applied.failed.length === 0 && mine === readings)
          sockets.release(next.flatMap(({ listen: used = [] }) => used))
        return applied
      },
      changed: ({ services, telemetry }) => {
        keep = telemetry.log.keep
        levels.reread(telemetry.log, [...Object.keys(services), edgeName])
        tell({ type: 'services.changed', services: Object.keys(services) })
      },
    })
    supervisor = processGovernor({
      services: files.specs(),
      state: claimed,
      log: (written) => {
        const least = log ? levels.of(written.service) : 'silent'
        const heard = read(written.line, { ...written, least })
        // Nothing that is not told may stand in a file either.
        if (!heard) return undefined
        return pause(logs.write({ ...written, line: heard.text }), heard.record && log?.(heard.record))
      },
    })
  } catch (error) {
    await held.disposeAsync()
    throw error
  }
  supervisor.on(happened)

  const running = supervisor
  const stop = (): Promise<void> => {
    // The edge first, so that requests in flight still find the services they need.
    stopping ??= running
      .stop(edgeName)
      .then(() => running.stop())
      .finally(() => held.disposeAsync())
    return stopping
  }
  const { reload } = steering
  return { started: running.start(), status, reload, stop, [Symbol.asyncDispose]: stop }
}

/** The services with an address that none had before: what none of them has now may be another program's. */
function withNewAddress({ services }: Config, before: Config): Config['services'] {
  const had = Object.values(before.services).map(({ listen }) => listen && addressText(listen))
  const isNew = ({ listen }: ServiceConfig): boolean =>
    listen !== undefined && !had.includes(addressText(listen))
  return Object.fromEntries(Object.entries(services).filter(([, service]) => isNew(service)))
}

async function demandFree(services: Config['services'], { left }: ClaimedState): Promise<void> {
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
