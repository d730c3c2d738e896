import type { ChainStatus, LinkStatus } from '@holdfast/gateway'
import type { ServiceStatus } from '@holdfast/governor'
import type { BreakerStatus } from '@holdfast/policy'
import type { Component } from '../component.ts'
import { type GovernorView, type Status, statusOf } from '../status.ts'

/** A service that is ready, but for what is said otherwise. */
export function sampleService(name: string, but: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    name,
    state: { is: 'ready', since: 100 },
    pid: 4242,
    restarts: 0,
    reasons: {},
    lastRestart: undefined,
    ailing: undefined,
    lastExit: undefined,
    lastError: undefined,
    uptime: 1_000,
    ...but,
  }
}

/** A breaker in a state; an open one lets the next call through in 2.5 s. */
export function sampleBreaker(
  name: string,
  is: BreakerStatus['is'],
  retryAfter = { closed: 0, open: 2_500, 'half-open': 0, isolated: Infinity, disabled: 0, observed: 0 }[is],
): BreakerStatus {
  const window = { calls: 0, failures: 0, slow: 0, inARow: 0, rate: 0, slowRate: 0 }
  const counts = { calls: 0, probes: 0, successes: 0, failures: 0, ignored: 0, rejected: 0 }
  return { name, is, failures: 0, window, retryAfter, counts }
}

/** A link to the upstream of its name, whose breaker is in a state; `rules` and `stale` have none. */
export function sampleLink(name: string, breaker: BreakerStatus['is'] = 'closed'): LinkStatus {
  const quiet = { attempts: 0, failures: {}, inFlight: 0, firstToken: undefined }
  if (name === 'rules' || name === 'stale') return { name, upstream: undefined, breaker: undefined, ...quiet }
  const [upstream = name] = name.split('/', 1)
  return { name, upstream, breaker: sampleBreaker(upstream, breaker), ...quiet }
}

/** A chain that nobody asked anything yet, but for what is said otherwise. */
export function sampleChain(name: string, but: Partial<ChainStatus> = {}): ChainStatus {
  const counts = { requests: 0, failed: 0, refused: 0, cancelled: 0, answered: {}, passedOver: {} }
  return {
    name,
    order: 'cascade',
    links: [sampleLink('primary'), sampleLink('rules')],
    counts,
    lastAnsweredBy: undefined,
    ...but,
  }
}

/** What the governor of a Holdfast that runs knows, but for what is said otherwise. */
export function sampleView(but: Partial<GovernorView> = {}): GovernorView {
  return {
    version: '0.1.0',
    file: '/srv/holdfast.yaml',
    pid: 4200,
    uptime: 60_000,
    listen: { gateway: '127.0.0.1:4700', control: '127.0.0.1:4701' },
    edge: sampleService('edge'),
    edges: [],
    services: [],
    ...but,
  }
}

/** A Holdfast that runs, as it tells of itself. */
export function sampleStatus(
  parts: Partial<Pick<GovernorView, 'services' | 'edge' | 'edges'>> & {
    /** Nothing where the edge does not report. */
    readonly chains?: readonly ChainStatus[] | undefined
    /** The upstreams that no chain names. */
    readonly outside?: readonly Component[]
  } = {},
): Status {
  const { chains = [sampleChain('default')], outside = [], ...governor } = parts
  const silent = 'chains' in parts && parts.chains === undefined
  return statusOf(sampleView(governor), silent ? [] : [{ gateway: { inFlight: 1, chains }, outside }])
}
