import {
  type Family,
  type PolicySource,
  type PolicyStatuses,
  policyFamiliesOf,
  type Sample,
} from '@holdfast/telemetry'
import type { ProcessPolicies } from './announced.ts'
import { edgeName } from './edge-contract.ts'
import type { Status } from './status.ts'

/**
 * How a running Holdfast and its services are, as metric families, and the policies of its processes with the labels `service` and `pid`; read from
 * what they tell of themselves, so that counting costs nothing twice. Made one by one while they are read.
 */
export function* families(status: Status, processes: readonly ProcessPolicies[] = []): Generator<Family> {
  yield* ofStatus(status)
  // One that announced itself twice is told once: two series of the same labels would spoil the page.
  const announced = [...new Map(processes.map((process) => [process.pid, process])).values()]
  yield gauge(
    'holdfast_process_answering',
    'Whether a process that announced itself tells its policies.',
    announced.map((process) => ({ labels: labelsOf(process), value: process.kinds ? 1 : 0 })),
  )
  yield gauge(
    'holdfast_process_omitted_policies',
    'Named policies of a process for which its answer had no room.',
    announced.flatMap((process) =>
      process.omitted === undefined ? [] : [{ labels: labelsOf(process), value: process.omitted }],
    ),
  )
  const told = announced.map((process) => ({
    labels: labelsOf(process),
    kinds: (process.kinds ?? {}) as PolicyStatuses,
  }))
  yield* policyFamiliesOf([untold(status, announced), ...told], { most })
}

/** Series that a family may have, those of all processes together. */
const most = 5_000

/** The breakers of the upstreams, as far as the process in which they are does not tell them itself. */
function untold({ chains }: Status, announced: readonly ProcessPolicies[]): PolicySource {
  const edges = announced.filter(({ service }) => service === edgeName)
  const told = new Set(edges.flatMap(({ kinds }) => kinds?.breaker?.map(({ name }) => name) ?? []))
  const breakers = new Map(
    chains.flatMap(({ links }) =>
      links.flatMap(({ breaker }) => (breaker ? [[breaker.name, breaker] as const] : [])),
    ),
  )
  return { labels: {}, kinds: { breaker: [...breakers.values()].filter(({ name }) => !told.has(name)) } }
}

function labelsOf({ service, pid }: ProcessPolicies): Readonly<Record<string, string>> {
  return { ...(service !== undefined && { service }), pid: String(pid) }
}

function ofStatus(status: Status): Family[] {
  const { services, components } = status
  const per = <T>(items: readonly T[], samples: (item: T) => Sample[]): Sample[] => items.flatMap(samples)
  return [
    gauge('holdfast_up', 'Whether all chains can answer: 1 healthy, 0.5 degraded, 0 unhealthy.', [
      { labels: {}, value: worth[status.level] },
    ]),
    gauge(
      'holdfast_upstream_up',
      'Whether an upstream is well: 1 healthy, 0.5 degraded, 0 unhealthy; by its breaker, or by the last look at it where no chain names it.',
      per(components, ({ kind, name, level }) =>
        kind === 'upstream' || kind === 'database'
          ? [{ labels: { upstream: name }, value: worth[level] }]
          : [],
      ),
    ),
    gauge(
      'holdfast_service_ready',
      'Whether the service is ready, or done if it is a job.',
      per(services, ({ name, state }) => [
        { labels: { service: name }, value: state.is === 'ready' || state.is === 'done' ? 1 : 0 },
      ]),
    ),
    counter(
      'holdfast_service_restarts_total',
      'Restarts of a service since the governor began.',
      per([...services, status.processes.edge], ({ name, restarts }) => [
        { labels: { service: name }, value: restarts },
      ]),
    ),
  ]
}

const worth = { healthy: 1, degraded: 0.5, unhealthy: 0 } as const

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples }
}
