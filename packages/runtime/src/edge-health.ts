import type { GatewayStatus } from '@holdfast/gateway'
import type { Clock } from '@holdfast/policy'
import {
  type Check,
  type CheckOptions,
  type ComponentStatus,
  health,
  type Readiness,
} from '@holdfast/telemetry/health'
import type { UpstreamWatch } from './checks/upstream-watch.ts'
import {
  type Component,
  gatewayComponents,
  isCritical,
  type Kind,
  type Level,
  serviceComponent,
} from './component.ts'
import type { GovernorWatch, Heard } from './governor-watch.ts'
import type { Lag, LoopLag } from './loop-lag.ts'
import { wholeParts } from './replicas/whole-gateway.ts'

/** A part, how well it is, and how that was found out; durations are ms. */
export interface CheckedComponent extends Omit<Component, 'level'> {
  /** `unknown` counts for nothing in the whole. */
  readonly level: ComponentStatus
  /** How long the check took. */
  readonly took: number
  /** How long ago it was known. */
  readonly age: number
  readonly details?: unknown
}

/** How a running Holdfast is, part by part: the answer of `GET /api/v1/health`. */
export interface HealthView {
  readonly status: Level
  readonly components: readonly CheckedComponent[]
}

/** How the edge is, and what it needs. Nothing of it rejects, or takes longer than a check may. */
export interface EdgeHealth {
  report(): Promise<HealthView>
  /** Whether this process itself works; nothing outside of it counts. */
  live(): Promise<Readiness>
  /** Whether to send requests here: it is not stopping, it works, and if there are chains, one of them can answer. */
  ready(): Promise<Readiness>
  /** The services that the governor should run are others now. */
  govern(services: readonly string[]): void
  /** From now on it is not ready. */
  drain(): void
}

export interface EdgeHealthOptions {
  /** Names of the services that the governor should run. */
  readonly services: readonly string[]
  readonly governor: GovernorWatch
  readonly gateway: () => GatewayStatus
  /** The upstreams that no chain names. */
  readonly outside: Pick<UpstreamWatch, 'parts' | 'seen'>
  readonly lag: LoopLag
  /** What is known of the other processes of the edge; for a health that is not of this process alone. */
  readonly others?: () => OtherReplicas
  readonly clock?: Clock
}

/** Why not all processes of the edge are well, if so, and of each of the others which upstreams and chains are not well in it. */
export interface OtherReplicas {
  readonly ails: string | undefined
  readonly ailing: readonly (readonly Component[])[]
}

/*
 * I1  No question waits for more than what is in memory, but for the governor's first word, and for that 40 ms.
 * I2  Chains and upstreams are told as they were when the question, or one at the same time, came.
 * I3  Only the process itself counts for `live`, and nothing that the governor says for `ready`.
 */
/** The health of each part of a running Holdfast, as its edge knows it. */
export function edgeHealth(options: EdgeHealthOptions): EdgeHealth {
  const { services, governor, gateway, outside, lag, others = alone, clock } = options
  const registry = health({ clock })
  const parts = new Map<string, { readonly name: string; readonly kind: Kind }>()
  /** The chains and their upstreams as they were when somebody asked last. */
  let found = new Map<string, Component>()

  const add = (kind: Kind, name: string, check: Check, options: CheckOptions = {}) => {
    const key = keyOf({ kind, name })
    parts.set(key, { name, kind })
    return registry.add(key, check, { timeout: patience, cache: 0, critical: isCritical(kind), ...options })
  }
  let forgetServices: readonly (() => void)[] = []
  const govern = (names: readonly string[]): void => {
    for (const forget of forgetServices) forget()
    forgetServices = names.map((name) =>
      add('service', name, async () => serviceAnswer(name, await governor.heard())),
    )
  }
  const looked = <T>(ask: () => Promise<T>): Promise<T> => {
    const now = wholeParts(gatewayComponents(gateway().chains), others().ailing)
    found = new Map(now.map((each) => [keyOf(each), each]))
    return ask()
  }

  add('edge', 'edge', () => edgeAnswer(lag.latest(), others().ails), { live: true })
  add('governor', 'governor', async () => governorAnswer(await governor.heard()))
  govern(services)
  for (const { kind, name } of outside.parts) add(kind, name, () => outside.seen(name))
  for (const { kind, name } of gatewayComponents(gateway().chains)) {
    const check: Check = () => answer(found.get(keyOf({ kind, name }))!)
    add(kind, name, check, kind === 'chain' ? { oneOf: 'chains' } : {})
  }
  return {
    report: () =>
      looked(async () => {
        const { status, components } = await registry.report()
        const told = components.map(({ name, status: level, ...more }) => ({
          ...parts.get(name)!,
          level,
          ...more,
        }))
        return { status, components: told }
      }),
    live: () => registry.live(),
    ready: () => looked(() => registry.ready()),
    govern,
    drain: () => registry.drain('the gateway is stopping'),
  }
}

/** What is known in memory takes no time; this is for the moment before the governor's first word. Less than the 50 ms in which health answers. */
const patience = 40

/** After how long a governor is called silent: some of its reports have not been answered; ms. */
const silentAfter = 2_000
/** How late a loop may be for its timers, and how late it may be all the time; ms. */
const tolerated = 250
const intolerable = 1_000

function governorAnswer({ age, roundTrip }: Heard) {
  const details = { roundTrip }
  if (age <= silentAfter) return { age, details }
  const reason = `it has not answered for ${Math.floor(age / 1_000)} s: services are told as they were then`
  return { status: 'unhealthy', reason, age, details }
}

function serviceAnswer(name: string, { view, age }: Heard) {
  const service = view.services.find((each) => each.name === name)
  if (service === undefined) return { status: 'unhealthy', reason: 'the governor does not know it', age }
  return { ...answer(serviceComponent(service)), age }
}

const alone = (): OtherReplicas => ({ ails: undefined, ailing: [] })

function edgeAnswer(lag: Lag, ails: string | undefined) {
  const own = loopAnswer(lag)
  return 'status' in own || ails === undefined ? own : { ...own, status: 'degraded', reason: ails }
}

/** A loop that is late now and then is merely slow; one that is never in time does not recover. */
function loopAnswer(lag: Lag) {
  const { worst, least } = lag
  const late = `its event loop was late by ${Math.round(worst)} ms in the last 10 s`
  if (least >= intolerable) return { status: 'unhealthy', reason: `${late}, and never in time`, details: lag }
  return worst >= tolerated ? { status: 'degraded', reason: late, details: lag } : { details: lag }
}

function answer({ level: status, reason }: Component) {
  return { status, reason }
}

/** A service and an upstream may have the same name. */
function keyOf({ kind, name }: Pick<Component, 'kind' | 'name'>): string {
  return kind === name ? name : `${kind} ${name}`
}
