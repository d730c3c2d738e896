import type {
  LanguageModelV2,
  LanguageModelV3,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'

/** A model as the providers of the AI SDK give it, of any version of their specification that it accepts. */
export type LanguageModel = LanguageModelV2 | LanguageModelV3 | LanguageModelV4

/** A model of the same version. */
export type SameVersion<M extends LanguageModel> = Extract<
  LanguageModel,
  { readonly specificationVersion: M['specificationVersion'] }
>

/*
 * Inside, the newest version stands for all: a call is handed on, and its answer handed back, as it came. The one thing read here in which the
 * versions differ is the reason for an end.
 */
export type Model = LanguageModelV4
export type ModelCall = LanguageModelV4CallOptions
export type Generated = LanguageModelV4GenerateResult
export type Part = LanguageModelV4StreamPart
export type Finish = Extract<Part, { readonly type: 'finish' }>

/** Whether an answer says of itself that it did not come to its end; a stream without any reason for it did not either. */
export function isUnfinished(reason: Finish['finishReason'] | string, streamed: boolean): boolean {
  const { unified, raw } = typeof reason === 'string' ? { unified: reason, raw: undefined } : reason
  if (unified === 'error' || unified === 'interrupted') return true
  if (!streamed || raw !== undefined) return false
  // What version 2 calls `unknown` is `other` without a word of the provider's in 3 and 4.
  return (unified as string) === 'unknown' || (unified === 'other' && typeof reason !== 'string')
}
