import { coalesce, wrap } from '@holdfast/policy'
import {
  type Exemplar,
  type Exposition,
  exposition,
  type Family,
  type ModelMetrics,
  modelMetrics,
  processMetrics,
} from '@holdfast/telemetry'
import type { ProcessPolicies } from './announced.ts'
import { edgeName } from './edge-contract.ts'
import type { EdgeTraces } from './edge-traces.ts'
import { families } from './metrics.ts'
import { fromJson, joinedFamilies } from './replicas/joined-families.ts'
import type { OtherEdges } from './replicas/other-edges.ts'
import { type ServiceProcess, serviceProcesses } from './service-processes.ts'
import type { Status } from './status.ts'

export interface EdgeMetricsOptions {
  readonly status: () => Promise<Status>
  /** How long ago what the status says of the services was known, in ms. */
  readonly silence: () => Promise<number>
  /** The policies of all processes that announced themselves. */
  readonly policies: () => Promise<readonly ProcessPolicies[]>
  /** What the gateway counted; nothing by default. */
  readonly gateway?: () => readonly Family[]
  /** What the governor's process tells of itself; nothing by default. */
  readonly governor?: () => Promise<readonly Family[]>
  /** None by default. */
  readonly traces?: Pick<EdgeTraces, 'families' | 'kept'>
  /** The other processes of the edge; none by default. */
  readonly others?: OtherEdges
  /** Hears what could not be told, and why. */
  readonly complain: (error: unknown) => void
}

/** The metrics of a running Holdfast, put together by its edge. */
export interface EdgeMetrics extends Pick<Exposition, 'page'> {
  /** Where the loads and verifications of models, and autonomous tasks, are recorded. */
  readonly models: ModelMetrics
  /** What this process of the edge counted itself; `others` of another one asks for it. */
  families(): Promise<readonly Family[]>
  close(): void
}

/**
 * Everything that `/metrics` tells. Rejects as `status` does; whatever else cannot be told is complained about and left out: without it there is still a page.
 * Those who ask while a page is being made share it: the loop is the gateway's, too, and a crowd of scrapers must not hold it.
 */
export function edgeMetrics(options: EdgeMetricsOptions): EdgeMetrics {
  const {
    status,
    silence,
    policies,
    gateway = () => [],
    governor = async () => [],
    traces,
    others,
    complain,
  } = options
  const own = processMetrics()
  const models = modelMetrics()
  const orNone = async <T>(asked: Promise<readonly T[]>): Promise<readonly T[]> =>
    asked.catch((error: unknown) => {
      complain(error)
      return []
    })

  const ownFamilies = async (): Promise<readonly Family[]> => {
    const [kept, ofTraces, process] = await Promise.all([
      traces?.kept(),
      orNone(traces?.families() ?? Promise.resolve([])),
      own.families(),
    ])
    return [
      ...withExemplars(gateway(), kept ?? new Set()),
      ...joinedFamilies([{ labels: { service: edgeName }, families: process }]),
      ...ofTraces,
      ...models.families(),
    ]
  }
  const { page } = exposition(async () => {
    const asked = [
      orNone(policies()),
      orNone(governor()),
      orNone(others?.ask<Family>('families') ?? Promise.resolve([])),
    ] as const
    const now = await status()
    const processes = await serviceProcesses(processesOf(now))
    const [told, ofGovernor, ofOthers] = await Promise.all(asked)
    for (const { breaker } of now.chains.flatMap(({ links }) => links))
      if (breaker) models.breakerState(breaker.name, breaker.is)
    const replica = await others?.number()
    const age = await silence()
    return joined(
      families(now, told),
      [answerAge(age)],
      processes,
      joinedFamilies([
        { labels: replicaLabel(replica), families: await ownFamilies() },
        ...ofOthers.map(({ replica: other, items }) => ({
          labels: replicaLabel(other),
          families: fromJson(items),
        })),
        { labels: { service: 'governor' }, families: ofGovernor },
      ]),
    )
  })
  const shared = wrap(coalesce())
  return {
    page: (accept) => shared(() => page(accept), { key: accept ?? '' }),
    models,
    families: ownFamilies,
    close: () => own.close(),
  }
}

/** Everything that is told of services is that old: a governor that hangs must not look like one that has nothing new. */
function answerAge(ms: number): Family {
  const help = 'How long ago the governor told how the services are.'
  const samples = [{ labels: {}, value: ms / 1_000 }]
  return { name: 'holdfast_governor_answer_age_seconds', help, type: 'gauge', samples }
}

function processesOf({ services }: Status): ServiceProcess[] {
  return services.flatMap(({ name: service, pid, replicas }) => {
    if (!replicas) return pid === undefined ? [] : [{ service, pid }]
    // While one is replaced two have its number, and two series of the same labels would spoil the page.
    const each = new Map(replicas.each.map((process) => [String(process.replica ?? 'spare'), process.pid]))
    return [...each].flatMap(([replica, own]) => (own === undefined ? [] : [{ service, pid: own, replica }]))
  })
}

/** Where the edge is several processes, each has its own series: a counter that begins anew with one of them is then seen as just that. */
function replicaLabel(replica: number | undefined): Readonly<Record<string, string>> {
  return replica === undefined ? {} : { replica: String(replica) }
}

/** Only those exemplars whose trace can be looked at. */
function* withExemplars(families: readonly Family[], kept: ReadonlySet<string>): Generator<Family> {
  const ifKept = (exemplar: Exemplar | undefined) =>
    exemplar && kept.has(exemplar.traceId) ? exemplar : undefined
  for (const family of families) {
    if (family.type !== 'histogram') yield family
    else {
      const samples = family.samples.map(({ exemplars = [], ...rest }) => ({
        ...rest,
        exemplars: exemplars.map(ifKept),
      }))
      yield { ...family, samples }
    }
  }
}

function* joined(...all: readonly Iterable<Family>[]): Generator<Family> {
  for (const each of all) yield* each
}
