import type { Family } from '@holdfast/telemetry'
import type {
  TraceRecord,
  TraceStatistics,
  TracesAsked,
  Tracing,
  TracingOptions,
} from '@holdfast/telemetry/tracing'
import type { Environment } from './config/environment.ts'
import type { Config } from './config/schema.ts'

/** The traces of this process. */
export interface EdgeTraces {
  /** Those that were kept, the latest first, all or as asked for; none where OpenTelemetry is not installed. */
  records(asked?: TracesAsked): Promise<readonly TraceRecord[]>
  /** How they went, as metric families; none where OpenTelemetry is not installed. */
  families(): Promise<readonly Family[]>
  /** The identities of those that were kept. */
  kept(): Promise<ReadonlySet<string>>
  /** Sends what waits to be sent, as far as a collector takes it within a second. */
  close(): Promise<void>
}

export interface EdgeTracesOptions {
  readonly tracing: TracingOptions
  /** What is more urgent: nothing is loaded before it. */
  readonly after?: Promise<unknown>
  /** Hears, once, why there are no traces. */
  readonly say: (sentence: string) => void
  /** What is optional to install. */
  readonly load?: () => Promise<{
    readonly tracing: (options: TracingOptions) => Tracing
    readonly traceFamilies: (statistics: TraceStatistics) => readonly Family[]
  }>
}

/** Switches tracing on, in the background: whoever is served before it is on has no span. Without it everything else works. */
export function edgeTraces({
  tracing: options,
  after,
  say,
  load = installed,
}: EdgeTracesOptions): EdgeTraces {
  const begun = Promise.resolve(after)
    .then(load)
    .then(
      ({ tracing, traceFamilies }) => {
        const found = tracing(options)
        return { found, families: () => traceFamilies(found.statistics()) }
      },
      (error: unknown) => {
        throw isMissing(error) ? new Error('OpenTelemetry, which is optional, is not installed') : error
      },
    )
  const running = begun.catch((error: unknown) => {
    say(`traces are off: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  })
  return {
    records: async (asked) => (await running)?.found.traces(asked) ?? [],
    families: async () => (await running)?.families() ?? [],
    kept: async () => (await running)?.found.kept() ?? new Set(),
    close: () =>
      within(
        patience,
        running.then((of) => of?.found.shutdown()),
      ),
  }
}

/** A collector that is away must not hold up who leaves; ms. */
const patience = 1_000

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((late) => (timer = setTimeout(late, ms)))])
  clearTimeout(timer)
}

/** From when on a request is slow if the file does not say, in ms. */
const slowUsually = 30_000

/** How many requests a second are recorded if the file does not say: all of a quiet day, and no more of a busy one than somebody can look at. */
const usually = 10

/** What a file and the environment say about traces; the file goes first. What failed or was slow is kept though it was not sampled, be it here or by its client. */
export function tracingOf({ telemetry }: Config, environment: Environment): TracingOptions {
  const { otlp = collector(environment), sample, slow = slowUsually } = telemetry
  return {
    service: environment['OTEL_SERVICE_NAME'] || 'gateway',
    keep: { failed: true, slowerThan: slow },
    sample: sample ?? { perSecond: usually },
    ...(otlp !== undefined && { otlp: whole(otlp) }),
  }
}

/** OpenTelemetry's own variables: one for traces, whole, and one for everything, which `/v1/traces` is added to. */
function collector({
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces,
  OTEL_EXPORTER_OTLP_ENDPOINT: all,
}: Environment): string | undefined {
  if (traces) return traces
  return all ? `${all.replace(/\/+$/, '')}/v1/traces` : undefined
}

/** A collector's address without a path gets the usual one. */
function whole(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  return url.pathname === '/' ? new URL('/v1/traces', url).href : address
}

function installed() {
  return import('@holdfast/telemetry/tracing')
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
