import { providerAt } from '../providers/providers.ts'
import type { AnthropicTaste } from './anthropic-request.ts'
import type { OpenaiTaste } from './openai-request.ts'

const newest: AnthropicTaste = { sampling: false, thinking: 'always', forced: true, maxTokens: 128_000 }

/**
 * What models of Anthropic's take, the newest first (https://platform.claude.com/docs/en/about-claude/models/migration-guide, and the migration guide
 * and the overview of each newer model, https://platform.claude.com/docs/en/models/sonnet-5-5/migration-guide: which of them refuse `temperature`, which
 * refuse to be kept from thinking, or to be told to call a tool, how much they say at most). A model that nobody knows is asked for no more than every
 * one of them takes.
 */
const models: readonly (readonly [RegExp, AnthropicTaste])[] = [
  [/claude-(sonnet-5-5|opus-5-5|fable-5-1)/, { ...newest, forced: false }],
  [/claude-(haiku-5-5|fable-5)/, newest],
  [
    /claude-(opus-5|opus-4-[78]|sonnet-5)/,
    { sampling: false, thinking: 'adaptive', forced: true, maxTokens: 128_000 },
  ],
  [/claude-(opus|sonnet)-4-6/, { sampling: true, thinking: 'adaptive', forced: true, maxTokens: 128_000 }],
  [
    /claude-(opus|sonnet|haiku)-4-5|claude-sonnet-4/,
    { sampling: true, thinking: 'asked', forced: true, maxTokens: 64_000 },
  ],
  [/claude-opus-4/, { sampling: true, thinking: 'asked', forced: true, maxTokens: 32_000 }],
]

const unknown: AnthropicTaste = { sampling: true, thinking: 'asked', forced: true, maxTokens: 4_096 }

/** What a model takes that is behind Anthropic's wire. */
export function anthropicTaste(model: string): AnthropicTaste {
  return models.find(([pattern]) => pattern.test(model))?.[1] ?? unknown
}

/** What a server takes that speaks OpenAI's wire, by its host. */
export function openaiTaste(host: string): OpenaiTaste {
  return providerAt(host)?.taste?.value ?? { limit: 'max_tokens', thinking: true }
}
