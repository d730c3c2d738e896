import { priceOf } from '@holdfast/gateway/usage'
import type { ClientKey } from './client-keys.ts'
import type { Contradiction } from './contradiction.ts'
import type { Config } from './schema.ts'
import { unknown } from './unknown-name.ts'

/** What cannot be about the prices of a file: they are those of its models. */
export function* ofPrices({ prices, upstreams }: Config): Generator<Contradiction> {
  for (const name of Object.keys(prices)) {
    const [upstream = '', model] = name.split(/\/(.*)/s)
    const path = ['prices', name]
    if (!Object.hasOwn(upstreams, upstream)) yield { path, message: unknown('upstream', upstream, upstreams) }
    else if (upstreams[upstream]!.is !== 'http')
      yield { path, message: `'${upstream}' is no model, and uses no tokens: remove it` }
    else if (model === '') yield { path, message: `'${name}' names no model after the slash` }
  }
}

/** Why a limit on what a client spends would not hold: it may ask what has no price, and would be free. `undefined` if it holds. */
export function freeRide({ spend, chains: asked }: ClientKey, config: Config): string | undefined {
  if (spend === undefined) return undefined
  for (const chain of asked ?? Object.keys(config.chains)) {
    const free = config.chains[chain]?.links.find(
      ({ link }) => link !== 'rules' && link !== 'stale' && !priceOf(link, config.prices),
    )
    if (free)
      return `cannot hold: '${free.link}' of the chain '${chain}' has no price, so that it would be free. Write one: prices: { ${free.link}: { input: 1.25, output: 10 } }, for a million tokens; with 0 where it really is`
  }
  return undefined
}
