import { GovernorError } from '../governor-error.ts'

/** The part of a service that decides its place in the order. */
export interface Needing {
  readonly name: string
  readonly needs?: readonly string[] | undefined
}

/**
 * The services in layers: each layer needs only the ones before it, so a layer may start at once.
 *
 * Stop in the reverse order. Within a layer the given order is kept. Throws `UNKNOWN_NEED` and `NEED_CYCLE`.
 */
export const startOrder = (services: readonly Needing[]): string[][] => {
  const names = new Set(services.map(({ name }) => name))
  for (const { name, needs = [] } of services) {
    const unknown = needs.find((need) => !names.has(need))
    if (unknown !== undefined)
      throw new GovernorError(
        'UNKNOWN_NEED',
        `service "${name}" needs "${unknown}", which is not a service`,
        `name one of: ${[...names].join(', ')}`,
      )
  }
  const layers: string[][] = []
  const placed = new Set<string>()
  for (let rest = services; rest.length > 0; rest = rest.filter(({ name }) => !placed.has(name))) {
    const layer = rest
      .filter(({ needs = [] }) => needs.every((need) => placed.has(need)))
      .map(({ name }) => name)
    if (layer.length === 0)
      throw new GovernorError(
        'NEED_CYCLE',
        `services need each other: ${needCycle(rest)?.join(' → ')}`,
        'remove one of these needs',
      )
    layers.push(layer)
    for (const name of layer) placed.add(name)
  }
  return layers
}

/**
 * A cycle of needs, in order and closed (`['a', 'b', 'a']`: a needs b, b needs a), or undefined when there is none.
 *
 * A need that names no service is ignored.
 */
export const needCycle = (services: readonly Needing[]): string[] | undefined => {
  const needs = new Map(services.map((service) => [service.name, service.needs ?? []]))
  const cleared = new Set<string>()
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    if (cleared.has(name)) return undefined
    for (const need of needs.get(name) ?? []) {
      const cycle = visit(need, [...path, name])
      if (cycle) return cycle
    }
    cleared.add(name)
    return undefined
  }
  for (const { name } of services) {
    const cycle = visit(name, [])
    if (cycle) return cycle
  }
  return undefined
}
