import type { Passage } from './passages/passage.ts'
import { providerAt } from './providers/providers.ts'

/** The names that OpenTelemetry gives to what is known of a call to a model (semantic conventions for generative AI, in development: https://github.com/open-telemetry/semantic-conventions-genai). */
export const genAi = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  finishReasons: 'gen_ai.response.finish_reasons',
  /** In seconds. */
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
} as const

/** What kind of call it is; to count tokens is none that the conventions have a name for, and has its own. */
export function operationOf(passage: Passage | undefined): 'chat' | Passage {
  return passage === undefined || passage === 'responses' ? 'chat' : passage
}

/** Who is behind an address: its provider's name, where the conventions have one, or else what the upstream is called here. */
export function providerOf(host: string, upstream: string): string {
  return providerAt(host)?.telemetry?.value ?? upstream
}
