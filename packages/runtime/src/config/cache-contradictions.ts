import type { Contradiction } from './contradiction.ts'
import type { Config } from './schema.ts'

/** What cannot be about caches: room for what no chain keeps, and old answers that no chain would give. */
export function* ofCaches({ gateway, chains }: Config): Generator<Contradiction> {
  const { cache } = gateway
  const kept = Object.values(chains).flatMap((chain) => chain.cache ?? [])
  if (cache && kept.length === 0)
    yield {
      path: ['gateway', 'cache'],
      message: 'no chain keeps answers: add `cache: 10m` to one, or remove this',
    }
  else if (cache?.disk !== undefined && !kept.some(({ keep }) => keep === 'disk'))
    yield {
      path: ['gateway', 'cache', 'disk'],
      message:
        'no chain keeps answers on the disk: add `cache: { for: 10m, keep: disk }` to one, or remove this',
    }
  for (const [name, chain] of Object.entries(chains))
    if (chain.cache?.stale !== undefined && !chain.links.some(({ link }) => link === 'stale'))
      yield {
        path: ['chains', name, 'cache', 'stale'],
        message: 'no link of this chain gives old answers: add `stale` to its links, after the models',
      }
}
