import type { Chunk } from '../completion-stream.ts'

/** A piece of text as a chunk of OpenAI's wire, which transcripts are made of. */
export function plainChunk(text: string, finished = false): Chunk {
  return { choices: [{ index: 0, delta: { content: text }, finish_reason: finished ? 'stop' : null }] }
}

/** A chunk of something besides text, after which nobody else can go on. */
export const richChunk: Chunk = { choices: [{ index: 0, delta: { rich: true } }] }
