import { type Rule, rulesModel } from './rules.ts'
import type { Upstream } from './upstream.ts'

/** One place of a chain: a model behind an upstream, or the rules. */
export type Link =
  | {
      readonly is: 'upstream'
      readonly name: string
      readonly upstream: Upstream
      readonly model: string | undefined
    }
  | { readonly is: 'rules'; readonly name: 'rules'; readonly rules: readonly Rule[] }

/** The link that a name stands for: `rules`, an upstream with its own model, or `upstream/model`. Throws a `TypeError` where it names no upstream. */
export function link(name: string, upstreams: ReadonlyMap<string, Upstream>, rules: readonly Rule[]): Link {
  if (name === rulesModel) return { is: 'rules', name: rulesModel, rules }
  const slash = name.indexOf('/')
  const upstream = upstreams.get(slash === -1 ? name : name.slice(0, slash))
  if (!upstream) throw new TypeError(`the link '${name}' names no upstream`)
  return { is: 'upstream', name, upstream, model: slash === -1 ? upstream.model : name.slice(slash + 1) }
}
