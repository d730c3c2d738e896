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

/** The providers that the conventions have a name for, by the host of their address. */
const providers: Readonly<Record<string, string>> = {
  'api.openai.com': 'openai',
  'api.anthropic.com': 'anthropic',
  'api.deepseek.com': 'deepseek',
  'api.mistral.ai': 'mistral_ai',
  'api.groq.com': 'groq',
  'api.x.ai': 'x_ai',
  'api.perplexity.ai': 'perplexity',
  'api.cohere.com': 'cohere',
  'generativelanguage.googleapis.com': 'gcp.gemini',
}

/** Who is behind an address: its provider's name, or else what the upstream is called here. */
export function providerOf(host: string, upstream: string): string {
  return Object.hasOwn(providers, host) ? providers[host]! : upstream
}
