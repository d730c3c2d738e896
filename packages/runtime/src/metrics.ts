import { durationBounds } from '@holdfast/gateway'
import type { Family, Sample } from '@holdfast/telemetry'
import type { Status } from './status.ts'

/** The numbers of a running Holdfast as metric families; read from its status, so that counting costs nothing twice. */
export function families(status: Status): Family[] {
  const { chains, services } = status
  const per = <T>(items: readonly T[], samples: (item: T) => Sample[]): Sample[] => items.flatMap(samples)
  const links = new Map(
    chains.flatMap(({ links }) =>
      links.flatMap((link) => (link.upstream ? [[link.upstream, link] as const] : [])),
    ),
  )
  const upstreams = [...links.entries()]
  return [
    gauge('holdfast_up', 'Whether all chains can answer: 1 healthy, 0.5 degraded, 0 unhealthy.', [
      { labels: {}, value: { healthy: 1, degraded: 0.5, unhealthy: 0 }[status.level] },
    ]),
    gauge('holdfast_gateway_in_flight_requests', 'Requests being answered now.', [
      { labels: {}, value: status.inFlight },
    ]),
    counter(
      'holdfast_gateway_requests_total',
      'Requests to a chain.',
      per(chains, ({ name, counts }) => [{ labels: { chain: name }, value: counts.requests }]),
    ),
    counter(
      'holdfast_gateway_answers_total',
      'Whole answers, by the link that gave them.',
      per(chains, ({ name, counts }) => byKey({ chain: name }, 'link', counts.answered)),
    ),
    counter(
      'holdfast_gateway_failures_total',
      'Requests that no link could answer whole.',
      per(chains, ({ name, counts }) => [{ labels: { chain: name }, value: counts.failed }]),
    ),
    counter(
      'holdfast_gateway_cancellations_total',
      'Requests whose client went away.',
      per(chains, ({ name, counts }) => [{ labels: { chain: name }, value: counts.cancelled }]),
    ),
    counter(
      'holdfast_gateway_fallbacks_total',
      'Links passed over, by reason.',
      per(chains, ({ name, counts }) =>
        Object.entries(counts.passedOver).flatMap(([link, reasons]) =>
          byKey({ chain: name, link }, 'reason', reasons),
        ),
      ),
    ),
    {
      name: 'holdfast_gateway_request_duration_seconds',
      help: 'From the last byte of a request to the last of its answer.',
      type: 'histogram',
      samples: chains.map(({ name, counts }) => ({
        labels: { chain: name },
        bounds: durationBounds,
        ...counts.seconds,
      })),
    },
    counter(
      'holdfast_upstream_attempts_total',
      'Calls sent to an upstream, retries included.',
      per(upstreams, ([upstream, { attempts }]) => [{ labels: { upstream }, value: attempts }]),
    ),
    counter(
      'holdfast_upstream_failures_total',
      'Calls to an upstream that failed, by class.',
      per(upstreams, ([upstream, { failures }]) => byKey({ upstream }, 'class', failures)),
    ),
    gauge(
      'holdfast_breaker_state',
      'One for the state the breaker is in.',
      per(upstreams, ([name, { breaker }]) =>
        states.map((state) => ({ labels: { breaker: name, state }, value: breaker?.is === state ? 1 : 0 })),
      ),
    ),
    gauge(
      'holdfast_service_ready',
      'Whether the service is ready.',
      per(services, ({ name, state }) => [
        { labels: { service: name }, value: state.is === 'ready' ? 1 : 0 },
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

const states = ['closed', 'open', 'half-open', 'isolated', 'disabled', 'observed']

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples }
}

function byKey(
  labels: Readonly<Record<string, string>>,
  key: string,
  counts: Readonly<Record<string, number>>,
): Sample[] {
  return Object.entries(counts).map(([of, value]) => ({ labels: { ...labels, [key]: of }, value }))
}
