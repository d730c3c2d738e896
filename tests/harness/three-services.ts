import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, type RunningHoldfast, runningHoldfast, scratchFolder } from './running-holdfast.ts'
import { type TraceCollector, traceCollector } from './trace-collector.ts'

const root = join(import.meta.dirname, '../..')

/** A line of a log, as `holdfast up --json` tells it. */
export interface Line {
  readonly service: string
  readonly msg: string
  readonly left?: number
  readonly trace_id?: string
  readonly span_id?: string
  readonly correlation_id?: string
}

/** What came of a request to the front end. */
export interface Told {
  readonly status: number
  readonly body: unknown
}

export interface ThreeServices extends AsyncDisposable {
  readonly running: RunningHoldfast
  readonly collector: TraceCollector
  readonly file: string
  /** The AI service's own address. */
  readonly ai: string
  ask(path: string, headers?: Readonly<Record<string, string>>): Promise<Told>
  /** All lines so far with that correlation. */
  lines(correlation: string): Line[]
  /** Of all services, and the edge, by name. */
  pids(): Promise<Readonly<Record<string, number>>>
  /** From the control listener: the state of all breakers, `service name`. */
  breakers(): Promise<Readonly<Record<string, string>>>
}

/** examples/three-services under a real `holdfast up`, on ports of its own, with a collector for its spans. */
export async function threeServices(): Promise<ThreeServices> {
  const folder = scratchFolder()
  const file = join(folder, 'holdfast.yaml')
  const ports = await freePorts(8)
  cpSync(join(root, 'examples/three-services'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.holdfast'),
  })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const given = ['4700', '4701', '4800', '4801', '4802', '4803', '4804', '4805']
  const yaml = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    yaml.replaceAll(/(?<=127\.0\.0\.1:)\d{4}/g, (port) => String(ports[given.indexOf(port)])),
  )
  const [, control, front, , ai] = ports as [number, number, number, number, number]

  const collector = await traceCollector()
  process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] = collector.url
  process.env['NODE_COMPILE_CACHE'] = join(root, 'node_modules/.cache/three-services')
  const running = await runningHoldfast('', control, ['-f', file, '--json'])

  return {
    running,
    collector,
    file,
    ai: `127.0.0.1:${ai}`,
    async ask(path, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${front}${path}`, { headers })
      return { status: response.status, body: await response.json() }
    },
    lines: (correlation) =>
      running.lines
        .filter((line) => line.includes(`"${correlation}"`))
        .map((line) => JSON.parse(line) as Line),
    async pids() {
      const { services, processes } = await running.status()
      return Object.fromEntries([...services, processes.edge].map(({ name, pid }) => [name, pid!]))
    },
    async breakers() {
      const response = await fetch(`http://127.0.0.1:${control}/api/v1/policies`)
      const { processes } = (await response.json()) as { readonly processes: readonly Announced[] }
      return Object.fromEntries(
        processes.flatMap(({ service, kinds }) =>
          (kinds?.breaker ?? []).map(({ name, is }) => [`${service} ${name}`, is]),
        ),
      )
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      await collector[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Announced {
  readonly service: string
  readonly kinds?: { readonly breaker?: readonly { readonly name: string; readonly is: string }[] }
}
