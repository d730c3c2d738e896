import { readFile } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GatewayStatus } from '@holdfast/gateway'
import {
  addressFree,
  controlPath,
  type Governor,
  GovernorError,
  type GovernorEvent,
  governor,
  holdListener,
  reapLeftovers,
  type ServiceLine,
  type ServiceSpec,
  type StartResult,
  serveControl,
} from '@holdfast/governor'
import type { Environment } from './config/environment.ts'
import { ConfigError } from './config/problem.ts'
import { readConfig } from './config/read.ts'
import type { Config } from './config/schema.ts'
import { addressText } from './config/units.ts'
import { controlVariable, edgeName, edgeReady } from './edge-contract.ts'
import { serviceSpecs } from './service-specs.ts'
import { type GovernorView, type Status, statusOf } from './status.ts'
import { version } from './version.ts'

export interface UpOptions {
  readonly file: string
  readonly environment: Environment
  /** Every line that a service, or the edge, writes. */
  readonly log?: (line: ServiceLine) => void
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

/** Where a file's Holdfast keeps its state. */
export function stateFolder(file: string): string {
  return join(dirname(resolve(file)), '.holdfast')
}

/** Reads and checks a file. Throws a `ConfigError` that names the place of everything wrong. */
export async function configOf(file: string, environment: Environment): Promise<Config> {
  const shown = relative(process.cwd(), resolve(file)) || file
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const message =
      error.code === 'ENOENT' ? 'there is no such file: name one with -f' : `cannot be read (${error.code})`
    throw new ConfigError([{ file: shown, line: 1, column: 1, message }])
  })
  return readConfig({ file: shown, text, environment })
}

/**
 * Brings up what a file names: its services, and the edge, a process of its own that serves the gateway and the control API on sockets which this
 * process holds. Throws before anything is started: `ConfigError`, or a `GovernorError` for an address in use or a Holdfast that runs already.
 */
export async function up(options: UpOptions): Promise<Up> {
  const file = resolve(options.file)
  const config = await configOf(options.file, options.environment)
  const state = stateFolder(file)
  const began = performance.now()
  let report: GatewayStatus | undefined
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
  const path = controlPath(state)
  const control = await serveControl({
    path,
    calls: {
      configuration: () => config,
      governor: view,
      status: () => statusOf(view(), report),
      report: (input) => {
        report = input as GatewayStatus
      },
    },
  })

  const release: (() => void | Promise<void>)[] = [() => control.close()]
  const undo = async (): Promise<void> => {
    for (const step of release.reverse()) await step()
  }
  try {
    await reapLeftovers(state)
    for (const [name, { listen }] of Object.entries(config.services)) {
      if (listen && !(await addressFree(listen))) throw taken(name, addressText(listen))
    }
    const sockets = []
    for (const { listen } of [config.gateway, config.control]) {
      const held = await holdListener(listen)
      release.push(() => held.close())
      sockets.push(held)
    }
    supervisor = governor({
      services: [
        ...serviceSpecs(config, file),
        edgeSpec({
          listen: sockets,
          env: edgeEnvironment(path, state, options.environment),
          cwd: dirname(file),
        }),
      ],
      stateDir: state,
      ...(options.log && { log: options.log }),
    })
    supervisor.on((event) => {
      if (event.type === 'service.exited' && event.service === edgeName) report = undefined
      options.on?.(event)
    })
  } catch (error) {
    await undo()
    throw error
  }

  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    // The edge first, so that requests in flight still find the services they need.
    stopping ??= supervisor
      .stop(edgeName)
      .then(() => supervisor.stop())
      .finally(undo)
    return stopping
  }
  return {
    started: supervisor.start(),
    status: () => statusOf(view(), report),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function edgeSpec(options: Required<Pick<ServiceSpec, 'listen' | 'env' | 'cwd'>>): ServiceSpec {
  const own = fileURLToPath(import.meta.url)
  const source = extname(own) === '.ts'
  const entry = join(dirname(own), `edge-process${extname(own)}`)
  return {
    name: edgeName,
    command: [process.execPath, ...(source ? ['--conditions=@holdfast/source'] : []), entry],
    ready: { line: edgeReady },
    backoff: { initial: 20, max: 1_000 },
    ...options,
  }
}

/** Compiled code is kept between starts, so that an edge that died is back in half the time. */
function edgeEnvironment(
  control: string,
  state: string,
  { NODE_COMPILE_CACHE = join(state, 'compiled') }: Environment,
): Record<string, string> {
  return { [controlVariable]: control, NODE_COMPILE_CACHE }
}

function taken(service: string, at: string): GovernorError {
  return new GovernorError(
    'ADDRESS_IN_USE',
    `the service '${service}' should listen on ${at}, and another program does already`,
    'stop that program, or choose another port',
  )
}
