import { type Chunk, hasFinished } from '../completion-stream.ts'
import { record } from '../json-value.ts'

/** What a model thinks aloud, under the names that providers give it: no part of the answer. */
const asides: ReadonlySet<string> = new Set(['reasoning', 'reasoning_content', 'reasoning_details'])

/** The text a chunk adds to its only choice, whatever it thinks aside; `undefined` where it carries anything besides. */
export function plainContent(chunk: Chunk): { text: string; finished: boolean } | undefined {
  const choices = chunk['choices']
  if (!Array.isArray(choices)) return undefined
  if (choices.length === 0) return { text: '', finished: false }
  const choice = record(choices[0])
  const delta = record(choice?.['delta'])
  if (choices.length > 1 || !choice || (choice['index'] ?? 0) !== 0) return undefined
  if (choice['logprobs']) return undefined
  for (const key in delta) {
    const value = delta[key]
    if (key === 'role' || value === null || value === '' || asides.has(key)) continue
    if (Array.isArray(value) && value.length === 0) continue
    if (key !== 'content' || typeof value !== 'string') return undefined
  }
  return {
    text: typeof delta?.['content'] === 'string' ? delta['content'] : '',
    finished: hasFinished(choice),
  }
}

/** The chunk with another text, and without what was thought aside: the client has the thoughts of the attempt that broke off. */
export function withText(chunk: Chunk, content: string): Chunk {
  const choice = record((chunk['choices'] as unknown[])[0])
  const delta = Object.entries(record(choice?.['delta']) ?? {}).filter(([key]) => !asides.has(key))
  return { ...chunk, choices: [{ ...choice, delta: { ...Object.fromEntries(delta), content } }] }
}
