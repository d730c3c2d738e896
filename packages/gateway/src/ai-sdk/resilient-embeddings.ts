import type { EmbeddingModelV4 } from '@ai-sdk/provider'
import { askModels } from './ask-models.ts'
import { answered } from './generate.ts'
import { nextCall } from './next-call.ts'
import type { Manner } from './resilient-options.ts'

/** A model of vectors under a policy. There are no chains of them: the vectors of two models cannot be compared. */
export function resilientEmbeddings(model: EmbeddingModelV4, policy: Manner): EmbeddingModelV4 {
  const { clock, name } = policy
  return {
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    maxEmbeddingsPerCall: model.maxEmbeddingsPerCall,
    supportsParallelCalls: model.supportsParallelCalls,
    async doEmbed(options) {
      const journey = { chain: name, began: clock.now(), attempts: 0, failures: [], cut: false }
      const signal = options.abortSignal ?? new AbortController().signal
      const { value } = await askModels(
        { links: [{ ...policy, model }], journey, clock, signal },
        (link, call) => {
          const next = nextCall(journey, options)
          return answered((abortSignal) => model.doEmbed({ ...next, abortSignal }), link, call)
        },
      )
      return value
    },
  }
}
