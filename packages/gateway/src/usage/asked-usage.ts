import type { ChatRequest } from '../chat-request.ts'
import { record } from '../json-value.ts'
import { withValue } from '../model-span.ts'
import { ProviderFailure } from '../provider-failure.ts'

/** Whether the tokens of a stream are for its client: on Anthropic's wire they always are, on OpenAI's if it asks for them. */
export function wantsUsage({ dialect, body }: Pick<ChatRequest, 'dialect' | 'body'>): boolean {
  return dialect === 'anthropic' || record(body['stream_options'])?.['include_usage'] === true
}

/** The same request for a stream of OpenAI's wire, with its tokens at its end. */
export function withUsage<R extends Pick<ChatRequest, 'body' | 'json'>>(request: R): R {
  const options = { ...record(request.body['stream_options']), include_usage: true }
  return { ...request, json: withValue(request.json, 'stream_options', JSON.stringify(options)) }
}

/** Whether a provider says that it does not know how to tell its tokens. */
export function refusesUsage(error: unknown): boolean {
  if (!(error instanceof ProviderFailure) || (error.status !== 400 && error.status !== 422)) return false
  return /stream_options|include_usage/.test(`${error.message} ${error.answer?.body.toString('utf8') ?? ''}`)
}

/** Whether a chunk of a stream tells the tokens, and nothing else. */
export function isUsageAlone({ choices, usage }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(choices) && choices.length === 0 && record(usage) !== undefined
}
