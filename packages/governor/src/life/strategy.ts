import type { Life } from './life.ts'

/** The others of its group that are touched when a service falls, by the strategy of the group. Pure. */
export const touched = (name: string, lives: ReadonlyMap<string, Life>): string[] => {
  const group = lives.get(name)?.service.group
  if (!group || group.strategy === 'one-for-one') return []
  const others = [...lives.values()]
    .filter((life) => life.service.group?.name === group.name && life.service.name !== name)
    .map(({ service }) => service.name)
  if (group.strategy === 'one-for-all') return others
  const dependants = needing(name, lives)
  return others.filter((other) => dependants.has(other))
}

/** All that need a service, directly or through others. */
const needing = (name: string, lives: ReadonlyMap<string, Life>): ReadonlySet<string> => {
  const found = new Set<string>()
  const among = [name]
  for (const each of among)
    for (const { service } of lives.values())
      if (service.needs.includes(each) && !found.has(service.name)) {
        found.add(service.name)
        among.push(service.name)
      }
  return found
}
