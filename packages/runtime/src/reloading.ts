import { isDeepStrictEqual } from 'node:util'
import type { Changes, ServiceSpec, StartResult } from '@holdfast/governor'
import { HoldfastError } from '@holdfast/policy'
import type { Config } from './config/schema.ts'

/** What reading the file again changed, by the names of services, and how those came up that were started. The edge is one of them. */
export type Reloaded = StartResult & Changes

/** The file that holds, and the way to read it again. */
export interface Reloading {
  /** What the file said when it was read last and was right. */
  config(): Config
  /** The services that shall run. */
  specs(): readonly ServiceSpec[]
  /**
   * Reads the file again and makes it hold. Rejects with `ConfigError`, `RESTART_NEEDED` and what `apply` rejects with, and then nothing has changed.
   */
  reload(): Promise<Reloaded>
}

export interface ReloadingOptions {
  readonly config: Config
  /** Reads and checks the file. */
  readonly read: () => Promise<Config>
  /** The services of a file, and the edge, which serves the so-manieth configuration. */
  readonly specs: (config: Config, served: number) => readonly ServiceSpec[]
  /** Rejects where what a file says cannot be had here. */
  readonly demand: (next: Config, before: Config) => Promise<void>
  /** Makes these the services that run. */
  readonly apply: (specs: readonly ServiceSpec[]) => Promise<Reloaded>
  /** Hears of each file that holds from now on. */
  readonly changed: (config: Config) => void
}

/*
 * I1  One file at a time is read and handed over, in the order in which they were asked for. None waits for what the one
 *     before it starts, which may be what is to be mended; who asks before a reading has begun shares it.
 * I2  A file that is wrong, or says what cannot be changed while it runs, changes nothing.
 * I3  A service of which the file says the same keeps its spec, and with it its process.
 * I4  The edge is replaced when something changed that it serves, and only then.
 */
/** Keeps the configuration of a running Holdfast, which may be read again. */
export function reloading(options: ReloadingOptions): Reloading {
  const { read, specs, demand, apply, changed } = options
  let { config } = options
  let served = 1
  let running = specs(config, served)
  let last: Promise<unknown> = Promise.resolve()
  let next: Promise<Taken> | undefined

  const change = async (): Promise<Taken> => {
    const said = await read()
    demandUnmoved(config, said)
    await demand(said, config)
    const before = { config, served, running }
    const old = new Map(running.map((spec) => [spec.name, spec]))
    const same = new Set(Object.keys(said.services).filter((name) => saysTheSame(name, config, said)))
    if (!isDeepStrictEqual(ofTheEdge(config), ofTheEdge(said))) served++
    const wanted = specs(said, served).map((spec) => (same.has(spec.name) ? old.get(spec.name)! : spec))
    // Before it is applied: an edge that is started by it asks for it.
    running = wanted
    config = said
    changed(config)
    const over = apply(wanted).catch((error) => {
      if (running === wanted) {
        ;({ config, served, running } = before)
        changed(config)
      }
      throw error
    })
    // What is refused is refused at once, and then the next one finds what held before.
    await Promise.race([over, new Promise(setImmediate)])
    return { over }
  }
  return {
    config: () => config,
    specs: () => running,
    reload() {
      if (next) return next.then(({ over }) => over)
      const taken = last.then(() => {
        next = undefined
        return change()
      })
      next = taken
      last = taken.catch(() => {})
      return taken.then(({ over }) => over)
    },
  }
}

/** A file that was handed over, and what comes of it. */
interface Taken {
  readonly over: Promise<Reloaded>
}

/** What is held open since the start. */
const fixed: readonly (readonly [string, (config: Config) => unknown])[] = [
  ['gateway.listen', ({ gateway }) => gateway.listen],
  ['control.listen', ({ control }) => control.listen],
]

function demandUnmoved(before: Config, after: Config): void {
  const moved = fixed.filter(([, part]) => !isDeepStrictEqual(part(before), part(after))).map(([key]) => key)
  if (moved.length === 0) return
  throw new HoldfastError(
    'RESTART_NEEDED',
    `${moved.join(' and ')} cannot be changed while Holdfast runs, so nothing was; put it back, or stop Holdfast and start it again`,
    'put it back, or stop Holdfast and start it again',
  )
}

function saysTheSame(name: string, before: Config, after: Config): boolean {
  const said = ({ services, groups }: Config): unknown => {
    const service = services[name]
    return [service, service?.group !== undefined && groups[service.group]]
  }
  return isDeepStrictEqual(said(before), said(after))
}

/** All that the edge makes its gateway and its traces of. How many processes it is counts where each has its share of what a client may ask. */
function ofTheEdge({ services, groups, telemetry, gateway, ...others }: Config): unknown {
  const { log, ...traces } = telemetry
  const { replicas, ...served } = gateway
  return { ...others, gateway: served, shares: served.keys && replicas, traces }
}
