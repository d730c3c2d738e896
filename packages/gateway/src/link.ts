import type { LinkOptions } from './chains/chain-options.ts'
import type { Pulse } from './chains/pulse.ts'
import { type Rule, rulesModel } from './rules.ts'
import type { Upstream } from './upstream.ts'

/** A model behind an upstream. */
export interface UpstreamLink {
  readonly is: 'upstream'
  readonly name: string
  readonly upstream: Upstream
  readonly model: string | undefined
  /** Its part of the requests of a chain by weight. */
  readonly weight: number
  /** How the model does, in all chains. */
  readonly pulse: Pulse
}

/** One place of a chain: a model behind an upstream, an answer of the cache that is past its time, or the rules. */
export type Link =
  | UpstreamLink
  | { readonly is: 'stale'; readonly name: 'stale' }
  | { readonly is: 'rules'; readonly name: 'rules'; readonly rules: readonly Rule[] }

/** The link that is meant: `rules`, `stale`, an upstream with its own model, or `upstream/model`. Throws a `TypeError` where it names no upstream. */
export function link(
  { link: name, weight = 1, policy }: LinkOptions,
  upstreams: ReadonlyMap<string, Upstream>,
  rules: readonly Rule[],
): Link {
  if (name === rulesModel) return { is: 'rules', name: rulesModel, rules }
  if (name === 'stale') return { is: 'stale', name }
  const slash = name.indexOf('/')
  const named = upstreams.get(slash === -1 ? name : name.slice(0, slash))
  if (!named) throw new TypeError(`the link '${name}' names no upstream`)
  const model = slash === -1 ? named.model : name.slice(slash + 1)
  const upstream = policy === undefined ? named : named.under(policy)
  return { is: 'upstream', name, upstream, model, weight, pulse: named.pulse(model) }
}

/** A link and the model that it asks: that of an upstream may become another one while its name stays. */
export function askedOf(of: Link): string {
  return of.is === 'upstream' && of.model !== undefined ? `${of.name} ${of.model}` : of.name
}
