import type { EmbeddingModelV2, EmbeddingModelV3, EmbeddingModelV4 } from '@ai-sdk/provider'
import { demand, type Pipeline } from '@holdfast/policy'
import type { ModelLink } from './ask-models.ts'
import type { LanguageModel, Model, SameVersion } from './language-model.ts'
import { resilientEmbeddings } from './resilient-embeddings.ts'
import { linksOf, resilientModel } from './resilient-model.ts'
import { manner, type ResilientOptions } from './resilient-options.ts'

/** A model that turns text into vectors. */
export type EmbeddingModel = EmbeddingModelV2<string> | EmbeddingModelV3 | EmbeddingModelV4

/**
 * The same model under a policy, as a model of the AI SDK: with retries on a budget, a breaker, limits on silence, and streams that are taken up where they broke off.
 *
 * The policy is that of an upstream of the gateway, or a pipeline of your own. When nobody could answer, it rejects with an `ExhaustedError`, which the
 * AI SDK does not try again; where the request is at fault, with the provider's own error. Throws `OptionError` for what is no model or no policy.
 */
export function resilient<M extends LanguageModel>(
  model: M,
  policy?: ResilientOptions | Pipeline,
): SameVersion<M>
export function resilient<M extends EmbeddingModel>(model: M, policy?: ResilientOptions | Pipeline): M
export function resilient(
  model: LanguageModel | EmbeddingModel,
  policy: ResilientOptions | Pipeline = {},
): unknown {
  if (isModel(model) && 'doEmbed' in model)
    return resilientEmbeddings(model as EmbeddingModelV4, manner(policy, nameOf(model)))
  const link = modelLink(model as LanguageModel, policy)
  return resilientModel([link], { provider: link.model.provider, modelId: link.model.modelId })
}

/** A model with its policy, as a link of a chain. */
export function modelLink(model: LanguageModel, policy: ResilientOptions | Pipeline): ModelLink<Model> {
  demand(
    isModel(model) && 'doStream' in model,
    'resilient: model',
    model,
    "a model of an AI SDK provider, such as anthropic('claude-sonnet-5')",
  )
  demand(
    linksOf(model) === undefined,
    'resilient: model',
    model.modelId,
    'one that is not resilient already: retries would multiply',
  )
  return { ...manner(policy, nameOf(model)), model: model as Model }
}

function isModel(model: unknown): model is LanguageModel | EmbeddingModel {
  const { specificationVersion } = (model ?? {}) as Partial<Model>
  return ['v2', 'v3', 'v4'].includes(specificationVersion as string)
}

function nameOf({ provider, modelId }: { readonly provider: string; readonly modelId: string }): string {
  return `${provider}/${modelId}`
}
