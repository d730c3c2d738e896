import { record } from '../json-value.ts'

/** Bytes that make a token, about: OpenAI's rule of thumb for English. */
const charactersOfToken = 4

/** About as many tokens as were said: a piece of a stream is one at least, and seldom more. */
export function saidTokens(pieces: number, characters: number): number {
  return Math.max(pieces, Math.ceil(characters / charactersOfToken))
}

/** Characters of an answer, or of a piece of one that is streamed: words, thoughts, calls of tools. */
export function charactersIn({ choices, delta }: Readonly<Record<string, unknown>>): number {
  if (typeof delta === 'string') return delta.length
  if (!Array.isArray(choices)) return 0
  let sum = 0
  for (const entry of choices) {
    const choice = record(entry)
    const said = record(choice?.['delta'] ?? choice?.['message'])
    for (const key in said) {
      const value = said[key]
      if (typeof value === 'string') sum += key === 'role' ? 0 : value.length
      else if (key === 'tool_calls' && Array.isArray(value)) for (const call of value) sum += calling(call)
    }
  }
  return sum
}

function calling(call: unknown): number {
  const { name, arguments: given } = record(record(call)?.['function']) ?? {}
  return (typeof name === 'string' ? name.length : 0) + (typeof given === 'string' ? given.length : 0)
}
