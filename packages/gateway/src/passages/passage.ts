/**
 * A door whose requests and answers only pass through, to upstreams that have the same one: OpenAI's embeddings and responses, and Anthropic's count of
 * tokens. None of them has a counterpart on the other wire.
 */
export type Passage = 'embeddings' | 'responses' | 'count_tokens'

/** Where the doors are, behind the base of a client. */
export const passagePaths: Readonly<Record<Passage, string>> = {
  embeddings: '/v1/embeddings',
  responses: '/v1/responses',
  count_tokens: '/v1/messages/count_tokens',
}
