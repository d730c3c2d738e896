import { demand } from '@holdfast/policy'
import type { ModelLink } from './ask-models.ts'
import type { LanguageModel, Model, SameVersion } from './language-model.ts'
import { modelLink } from './resilient.ts'
import { linksOf, resilientModel } from './resilient-model.ts'

export interface ChainOptions {
  /** The model's id, and what errors call it; by default `default`. */
  readonly name?: string | undefined
}

/**
 * Several models as one, asked in their order until one has given the whole answer: the gateway's chain, as a model of the AI SDK.
 *
 * Each is called through its own policy, given by `resilient`, or the default one. The answer's `providerMetadata.holdfast` says who gave it. All are of
 * one version of the specification; `wrapLanguageModel({ model, middleware: [] })` of the AI SDK makes any of them the newest. Errors are those of `resilient`.
 */
export function chain<M extends LanguageModel>(
  models: readonly M[],
  { name = 'default' }: ChainOptions = {},
): SameVersion<M> {
  demand(Array.isArray(models) && models.length > 0, 'chain: models', models, 'a list of one model at least')
  const [first, ...others] = models.flatMap((model) => linksOf(model) ?? [modelLink(model, {})])
  const version = first!.model.specificationVersion
  const odd = others.find(({ model }) => model.specificationVersion !== version)
  demand(
    odd === undefined,
    'chain: models',
    odd && `${odd.name} of specification ${odd.model.specificationVersion}`,
    `all of ${version}, as the first is; wrapLanguageModel({ model, middleware: [] }) of the AI SDK makes any model the newest`,
  )
  const links: readonly [ModelLink<Model>, ...ModelLink<Model>[]] = [first!, ...others]
  return resilientModel(links, { provider: 'holdfast', modelId: name }) as SameVersion<M>
}
