import type { Journey } from '../journey.ts'
import type { Asking, ModelLink } from './ask-models.ts'
import { generate } from './generate.ts'
import type { Model } from './language-model.ts'
import { signed } from './signature.ts'
import { stream } from './stream.ts'
import { sharedUrls } from './supported-urls.ts'

/** What a model that stands for others is called. */
interface Identity {
  readonly provider: string
  readonly modelId: string
}

const links = new WeakMap<object, readonly ModelLink<Model>[]>()

/** The links of a model that was made here, so that a chain takes them up and never tries again what tries again already. */
export function linksOf(model: object): readonly ModelLink<Model>[] | undefined {
  return links.get(model)
}

/** The links as one model, of the version that they all are. */
export function resilientModel(
  all: readonly [ModelLink<Model>, ...ModelLink<Model>[]],
  { provider, modelId }: Identity,
): Model {
  const [{ model: first, clock }] = all
  const asking = (signal = new AbortController().signal): Asking<Model> & { journey: Journey } => ({
    links: all,
    clock,
    signal,
    journey: { chain: modelId, began: clock.now(), attempts: 0, failures: [], cut: false },
  })
  const model: Model = {
    specificationVersion: first.specificationVersion,
    provider,
    modelId,
    get supportedUrls() {
      return sharedUrls(all.map((link) => link.model.supportedUrls))
    },
    async doGenerate(options) {
      const asked = asking(options.abortSignal)
      const { link, value } = await generate(asked, options)
      return { ...value, providerMetadata: signed(value.providerMetadata, asked.journey, link) }
    },
    doStream: (options) => stream(asking(options.abortSignal), options),
  }
  links.set(model, all)
  return model
}
