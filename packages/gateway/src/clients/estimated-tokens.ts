import { type ChatRequest, choicesAsked } from '../chat-request.ts'

/** What a request may take, before anybody has counted. */
export interface TokenEstimate {
  readonly input: number
  readonly output: number
}

/**
 * A guess at the tokens of a request: four bytes of text a token, a thousand for each picture, sound or file that is in it, and for the answer as many
 * as it may have, or else a thousand. Counting tokens counts for nothing.
 */
export function estimatedTokens(request: ChatRequest): TokenEstimate {
  const { passage, body } = request
  if (passage === 'count_tokens') return { input: 0, output: 0 }
  const input = prompts.reduce((sum, key) => sum + tokensIn(body[key], 0), 0)
  return { input: Math.ceil(input), output: passage === 'embeddings' ? 0 : answerTokens(request) }
}

/** Where prompts are: of chats, of Anthropic's messages, of responses and embeddings. */
const prompts = ['messages', 'system', 'tools', 'functions', 'response_format', 'input', 'instructions']
const lengths = ['max_completion_tokens', 'max_tokens', 'max_output_tokens']
const bytesPerToken = 4
const perFile = 1_000
const usualAnswer = 1_000
/** Nothing that is meant is nested deeper. */
const deepest = 50

function tokensIn(value: unknown, depth: number): number {
  if (typeof value === 'string') return isFile(value) ? perFile : Buffer.byteLength(value) / bytesPerToken
  if (typeof value !== 'object' || value === null || depth > deepest) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + tokensIn(each, depth + 1), 0)
  let sum = 0
  for (const [key, each] of Object.entries(value)) {
    // Base64 in a field of its own: `source.data`, `input_audio.data`, `file.file_data`.
    if ((key === 'data' || key === 'file_data') && typeof each === 'string') sum += perFile
    else sum += key.length / bytesPerToken + tokensIn(each, depth + 1)
  }
  return sum
}

function isFile(text: string): boolean {
  return text.startsWith('data:') && text.slice(0, 200).includes(';base64,')
}

function answerTokens(request: ChatRequest): number {
  const asked = lengths.map((key) => request.body[key]).find(isLength) ?? usualAnswer
  return asked * choicesAsked(request)
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
