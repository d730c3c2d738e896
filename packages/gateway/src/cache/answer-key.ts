import { hash } from 'node:crypto'
import type { ChatRequest } from '../chat-request.ts'
import { canonicalJson } from './canonical-json.ts'

/** Whose answers are the same. */
export interface KeyTerms {
  readonly chain: string
  /** Its links and the models that they ask: a chain that asks others gives other answers. */
  readonly links: readonly string[]
  /** Whether each client has answers of its own. */
  readonly apart: boolean
}

/**
 * What a request asks for, as SHA-256 in hex: the same for two requests only if one answer does for both. `undefined` where asking does more than
 * to answer, so that an answer from before would not do.
 *
 * White space and the order of keys do not matter, nor does what no model sees: `stream` (its form, see `answerForm`), `user` and `metadata`, `safety_identifier`,
 * `prompt_cache_key` and `prompt_cache_retention`. Whatever else stands in the body matters, known or not, and of the headers those that ask for
 * other versions of a wire.
 */
export function answerKey(request: ChatRequest, { chain, links, apart }: KeyTerms): string | undefined {
  const { body, json, headers, dialect, passage = '', client } = request
  if (hasEffects(request)) return undefined
  const versions = versionHeaders.map((name) => headers[name] ?? null)
  const from = apart ? (client?.name ?? null) : null
  const scope = JSON.stringify([form, chain, links, dialect, passage, from, versions])
  return hash('sha256', `${scope}\n${canonicalJson(json, body, unseen)}`, 'hex')
}

/** Changes when what a key is made of does, so that what was kept under another is not found. */
const form = 1

const unseen: ReadonlySet<string> = new Set([
  'stream',
  'stream_options',
  'user',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
])

const versionHeaders = ['anthropic-version', 'anthropic-beta', 'openai-beta']

/** The provider is to keep the answer or the conversation, or to go on with one that it has kept. A response is kept unless the request says otherwise. */
function hasEffects({ body, passage }: ChatRequest): boolean {
  if (passage !== 'responses') return body['store'] === true || (body['thread'] ?? null) !== null
  return (
    body['store'] !== false ||
    body['background'] === true ||
    (body['previous_response_id'] ?? body['conversation'] ?? null) !== null
  )
}
