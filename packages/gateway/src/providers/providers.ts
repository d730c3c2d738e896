import type { Fact } from '@holdfast/transport'
import type { Dialect } from '../dialects/dialect.ts'
import type { OpenaiTaste } from '../dialects/openai-request.ts'
import type { Prefill } from '../stream/prefill.ts'

/** What is known of a provider of language models, and where it is written. What is missing its docs do not say; nothing here is guessed. */
export interface ProviderFacts {
  readonly title: string
  /** What its OpenAI clients, or where it speaks Anthropic's wire alone its Anthropic clients, take for their base. */
  readonly url: Fact<string>
  readonly dialect: Fact<Dialect | 'both'>
  /** What Anthropic clients take for their base, where that is another place. */
  readonly anthropicUrl?: Fact<string>
  /** How a key goes to the Anthropic wire, where it is not in `x-api-key`. */
  readonly anthropicKey?: Fact<'bearer'>
  /** That it answers `POST /v1/responses`. */
  readonly responses?: Fact<true>
  /** How it goes on with the beginning of an answer; some only at another address, and not every model does. */
  readonly prefill?: Fact<Prefill>
  /** What it takes of a request, where that is less than most do. */
  readonly taste?: Fact<OpenaiTaste>
  /** What OpenTelemetry calls it. */
  readonly telemetry?: Fact<string>
}

const anthropic = 'https://platform.claude.com/docs/en/api/messages/create'
const deepseek = 'https://api-docs.deepseek.com/'
const openai = 'https://developers.openai.com/api/reference/overview'
const openaiRequest =
  'https://github.com/openai/openai-node/blob/master/src/resources/chat/completions/completions.ts'
const gemini = 'https://ai.google.dev/gemini-api/docs/openai'
const openrouter = 'https://openrouter.ai/docs/quickstart'
const openrouterAnthropic = 'https://openrouter.ai/docs/guides/coding-agents/claude-code-integration'
const groq = 'https://console.groq.com/docs/openai'
const groqMessage =
  'https://github.com/groq/groq-python/blob/main/src/groq/types/chat/chat_completion_assistant_message_param.py'
const mistral = 'https://docs.mistral.ai/resources/migration-guides'
const mistralMessage = 'https://github.com/mistralai/client-python/blob/main/docs/models/assistantmessage.md'
const xai = 'https://docs.x.ai/developers/rest-api-reference/inference'
const xaiPaths = 'https://docs.x.ai/api-reference'
const lmstudio = 'https://lmstudio.ai/docs/developer/openai-compat'
const lmstudioAnthropic = 'https://lmstudio.ai/docs/developer/anthropic-compat'
const ollama = 'https://docs.ollama.com/api/openai-compatibility'
const ollamaAnthropic = 'https://docs.ollama.com/api/anthropic-compatibility'
const llamacpp = 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md'
const vllm =
  'https://github.com/vllm-project/vllm/blob/main/docs/serving/online_serving/openai_compatible_server.md'
const vllmPaths = 'https://github.com/vllm-project/vllm/blob/main/docs/serving/online_serving/README.md'
const openTelemetry =
  'https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md'

/** The providers that a file can name. */
export const providers = {
  anthropic: {
    title: 'Anthropic',
    url: { value: 'https://api.anthropic.com', source: anthropic },
    dialect: { value: 'anthropic', source: anthropic },
    telemetry: { value: 'anthropic', source: openTelemetry },
  },
  deepseek: {
    title: 'DeepSeek',
    url: { value: 'https://api.deepseek.com/v1', source: deepseek },
    dialect: { value: 'both', source: deepseek },
    anthropicUrl: { value: 'https://api.deepseek.com/anthropic', source: deepseek },
    telemetry: { value: 'deepseek', source: openTelemetry },
  },
  openai: {
    title: 'OpenAI',
    url: { value: 'https://api.openai.com/v1', source: openai },
    dialect: { value: 'openai', source: openai },
    responses: { value: true, source: openai },
    taste: { value: { limit: 'max_completion_tokens', thinking: false }, source: openaiRequest },
    telemetry: { value: 'openai', source: openTelemetry },
  },
  gemini: {
    title: 'Google Gemini',
    url: { value: 'https://generativelanguage.googleapis.com/v1beta/openai', source: gemini },
    dialect: { value: 'openai', source: gemini },
    telemetry: { value: 'gcp.gemini', source: openTelemetry },
  },
  openrouter: {
    title: 'OpenRouter',
    url: { value: 'https://openrouter.ai/api/v1', source: openrouter },
    dialect: { value: 'both', source: openrouterAnthropic },
    anthropicKey: { value: 'bearer', source: openrouterAnthropic },
    responses: { value: true, source: openrouterAnthropic },
  },
  groq: {
    title: 'Groq',
    url: { value: 'https://api.groq.com/openai/v1', source: groq },
    dialect: { value: 'openai', source: groq },
    responses: { value: true, source: groq },
    taste: { value: { limit: 'max_tokens', thinking: false }, source: groqMessage },
    telemetry: { value: 'groq', source: openTelemetry },
  },
  mistral: {
    title: 'Mistral',
    url: { value: 'https://api.mistral.ai/v1', source: mistral },
    dialect: { value: 'openai', source: mistral },
    prefill: { value: 'prefix', source: mistralMessage },
    telemetry: { value: 'mistral_ai', source: openTelemetry },
  },
  xai: {
    title: 'xAI',
    url: { value: 'https://api.x.ai/v1', source: xai },
    dialect: { value: 'openai', source: xaiPaths },
    responses: { value: true, source: xaiPaths },
    telemetry: { value: 'x_ai', source: openTelemetry },
  },
  lmstudio: {
    title: 'LM Studio',
    url: { value: 'http://localhost:1234/v1', source: lmstudio },
    dialect: { value: 'both', source: lmstudioAnthropic },
    responses: { value: true, source: lmstudio },
  },
  ollama: {
    title: 'Ollama',
    url: { value: 'http://localhost:11434/v1', source: ollama },
    dialect: { value: 'both', source: ollamaAnthropic },
    responses: { value: true, source: ollama },
  },
  llamacpp: {
    title: 'llama.cpp',
    url: { value: 'http://localhost:8080/v1', source: llamacpp },
    dialect: { value: 'both', source: llamacpp },
    prefill: { value: 'plain', source: llamacpp },
  },
  vllm: {
    title: 'vLLM',
    url: { value: 'http://localhost:8000/v1', source: vllm },
    dialect: { value: 'both', source: vllmPaths },
    responses: { value: true, source: vllmPaths },
    prefill: { value: 'vllm', source: vllm },
  },
} as const satisfies Readonly<Record<string, ProviderFacts>>

/** The name of a provider that there is data of. */
export type Provider = keyof typeof providers

/** The names of all providers that there is data of. */
export const providerNames = Object.keys(providers) as readonly Provider[]

/** What is known of that provider. */
export function providerFacts(name: Provider): ProviderFacts {
  return providers[name]
}

/** What is known of the provider behind a host; nothing of one that is run by oneself. */
export function providerAt(host: string): ProviderFacts | undefined {
  return byHost.get(host)
}

const byHost: ReadonlyMap<string, ProviderFacts> = new Map(
  Object.values(providers)
    .map((facts: ProviderFacts): [string, ProviderFacts] => [new URL(facts.url.value).hostname, facts])
    .filter(([host]) => host !== 'localhost'),
)
