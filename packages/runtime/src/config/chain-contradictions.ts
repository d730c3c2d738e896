import { priceOf } from '@holdfast/gateway/usage'
import type { ChainConfig } from './chain.ts'
import type { Contradiction } from './contradiction.ts'
import type { Config } from './schema.ts'
import { unknown } from './unknown-name.ts'

/** What cannot be about one chain of a file. */
export function* ofChain(name: string, chain: ChainConfig, config: Config): Generator<Contradiction> {
  const { links, order, hedge, linksAt } = chain
  const at = (...steps: readonly PropertyKey[]) => ['chains', name, ...steps]
  for (const [index, { link, weight, policy }] of links.entries()) {
    const path = at(...linksAt, index)
    const mapped = weight !== undefined || policy !== undefined
    const complaint =
      links.findIndex((other) => other.link === link) < index
        ? `'${link}' stands in this chain already`
        : ofLink(link, chain, config)
    if (complaint !== undefined) yield { path: mapped ? [...path, 'link'] : path, message: complaint }
    const model = link !== 'rules' && link !== 'stale'
    if (order === 'cheapest' && model && complaint === undefined && !priceOf(link, config.prices))
      yield {
        path,
        message: `has no price, and the order goes by it: add prices: { ${link}: { input: 1.25, output: 10 } }, for a million tokens`,
      }
    if (weight !== undefined && !(order === 'weighted' && model))
      yield {
        path: [...path, 'weight'],
        message: model
          ? `is for \`order: weighted\`, and the order of this chain is ${order}`
          : `'${link}' comes last in any case: remove it`,
      }
    if (policy !== undefined && !model)
      yield { path: [...path, 'policy'], message: `'${link}' calls nobody: remove it` }
    else if (policy !== undefined && !Object.hasOwn(config.policies, policy))
      yield { path: [...path, 'policy'], message: unknown('policy', policy, config.policies) }
  }
  const models = links.filter(({ link }) => link !== 'rules' && link !== 'stale')
  if (order !== 'cascade' && models.length === 0)
    yield { path: at('order'), message: 'orders models, and this chain has none: remove it' }
  if (hedge !== undefined && models.length < 2)
    yield {
      path: at('hedge'),
      message:
        'asks another model when the first is late, and this chain has no other: add one, or remove it',
    }
  if (order === 'weighted' && models.length > 0 && models.every(({ weight }) => weight === 0))
    yield { path: at('links'), message: 'at least one link must have a weight above 0' }
}

/** What is wrong with a link by itself. */
function ofLink(link: string, { cache }: ChainConfig, { upstreams, rules }: Config): string | undefined {
  if (link === 'rules')
    return rules.length === 0 ? 'the file has no rules: add `rules:`, a list of { match, answer }' : undefined
  if (link === 'stale')
    return cache?.stale === undefined
      ? 'this chain keeps no old answers: add `cache: { for: 10m, stale: 1d }` to it'
      : undefined
  const [upstream = '', model] = link.split(/\/(.*)/s)
  if (!Object.hasOwn(upstreams, upstream)) return unknown('upstream', upstream, { ...upstreams, rules })
  if (upstreams[upstream]!.is !== 'http')
    return `'${upstream}' is no model: a link needs an upstream with a url`
  return model === '' ? `'${link}' names no model after the slash` : undefined
}
