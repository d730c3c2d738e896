import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HeldListener, ServiceSpec } from '@holdfast/governor'
import type { Environment } from './config/environment.ts'
import {
  configurationVariable,
  controlVariable,
  edgeName,
  edgeReady,
  serviceVariable,
  stateVariable,
} from './edge-contract.ts'

export interface EdgeSetting {
  /** The gateway's socket, then the control listener's. */
  readonly listen: readonly HeldListener[]
  /** Where the governor listens. */
  readonly governor: string
  readonly state: string
  readonly cwd: string
  readonly environment: Environment
  /** Which of the configurations that there have been it serves. */
  readonly served: number
  /** What the file says of its processes: how many there are (1), and how long one that leaves may finish what it has in hand, in ms (3 000). */
  readonly gateway: { readonly replicas?: number | undefined; readonly drain?: number | undefined }
}

/** From the end of its patience to SIGKILL, in ms: an edge ends by itself. */
const farewell = 1_000

/** The edge as a service that the governor runs. */
export function edgeSpec(setting: EdgeSetting): ServiceSpec {
  const { listen, governor, state, cwd, environment, served } = setting
  const { replicas = 1, drain = 3_000 } = setting.gateway
  const own = fileURLToPath(import.meta.url)
  const kind = extname(own)
  const entry = join(own, '..', `edge-process${kind}`)
  // Compiled code is kept between starts, so that an edge that died is back in half the time.
  const { NODE_COMPILE_CACHE = join(state, 'compiled') } = environment
  return {
    name: edgeName,
    command: [process.execPath, small, ...(kind === '.ts' ? ['--conditions=@holdfast/source'] : []), entry],
    cwd,
    env: {
      [controlVariable]: governor,
      [serviceVariable]: edgeName,
      [configurationVariable]: String(served),
      [stateVariable]: state,
      NODE_COMPILE_CACHE,
    },
    ready: { line: edgeReady },
    backoff: { initial: 20, max: 1_000 },
    stopGrace: drain + farewell,
    replicas,
    listen,
  }
}

/** Half of what the engine would take for what is new: under load the edge is a third smaller, and no slower. */
const small = '--max-semi-space-size=16'
