import type { ChainStatus, GatewayStatus, LinkStatus } from '@holdfast/gateway'
import type { Component } from '../component.ts'

/**
 * How the gateways of several processes are together: counts are summed up, a breaker is told as where it is worst, and who answered a chain last as far
 * as they agree. `undefined` for none at all.
 */
export function wholeGateway(each: readonly GatewayStatus[]): GatewayStatus | undefined {
  if (each.length <= 1) return each[0]
  const names = new Set(each.flatMap(({ chains }) => chains.map(({ name }) => name)))
  return {
    ...each[0]!,
    inFlight: each.reduce((sum, { inFlight }) => sum + inFlight, 0),
    chains: [...names].map((name) =>
      wholeChain(each.flatMap(({ chains }) => chains.filter((of) => of.name === name))),
    ),
  }
}

function wholeChain(each: readonly ChainStatus[]): ChainStatus {
  const [first] = each as readonly [ChainStatus]
  const last = new Set(each.flatMap(({ lastAnsweredBy }) => lastAnsweredBy ?? []))
  return {
    ...first,
    links: first.links.map((link) =>
      wholeLink(each.flatMap(({ links }) => links.filter(({ name }) => name === link.name))),
    ),
    counts: each.map(({ counts }) => counts).reduce(summed),
    lastAnsweredBy: last.size === 1 ? [...last][0] : undefined,
  }
}

function wholeLink(each: readonly LinkStatus[]): LinkStatus {
  const worst = each.reduce((one, other) => (badness(other) > badness(one) ? other : one))
  return {
    ...worst,
    attempts: each.reduce((sum, { attempts }) => sum + attempts, 0),
    inFlight: each.reduce((sum, { inFlight }) => sum + inFlight, 0),
    failures: each.map(({ failures }) => failures).reduce(summed),
  }
}

const order = ['closed', 'disabled', 'observed', 'half-open', 'open', 'isolated']

function badness({ breaker }: LinkStatus): number {
  return breaker ? order.indexOf(breaker.is) : -1
}

/** Numbers of the same name, however deep, added up. */
function summed<T extends object>(one: T, other: T): T {
  const sum = new Map<string, unknown>(Object.entries(one))
  for (const [key, value] of Object.entries(other) as [string, unknown][]) {
    const before = sum.get(key)
    if (typeof value === 'number') sum.set(key, value + (typeof before === 'number' ? before : 0))
    else if (typeof value === 'object' && value !== null)
      sum.set(key, before === undefined ? value : summed(Object(before), value))
  }
  return Object.fromEntries(sum) as T
}

/**
 * The parts of several gateways as one list: what ails in some processes only is degraded, since the others answer, and says in how many.
 * `others` need to tell no more than what is not well in them.
 */
export function wholeParts(
  own: readonly Component[],
  others: readonly (readonly Component[])[],
): readonly Component[] {
  if (others.length === 0) return own
  return own.map((part) => {
    const told = [part, ...others.map((list) => list.find((each) => isSame(each, part)))]
    const ill = told.flatMap((each) => (each && each.level !== 'healthy' ? each : []))
    if (ill.length === 0) return part
    const { reason = 'it is not well' } = ill.find(({ level }) => level === 'unhealthy') ?? ill[0]!
    if (ill.length < told.length)
      return { ...part, level: 'degraded', reason: `in ${ill.length} of ${told.length} replicas: ${reason}` }
    const level = ill.every((each) => each.level === 'unhealthy') ? 'unhealthy' : 'degraded'
    return { ...part, level, reason }
  })
}

function isSame(one: Component, other: Component): boolean {
  return one.kind === other.kind && one.name === other.name
}
