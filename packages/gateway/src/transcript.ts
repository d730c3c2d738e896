import { type Chunk, hasFinished } from './completion-stream.ts'
import { record } from './json-value.ts'
import { sseData } from './sse.ts'

/** What a chunk does to a stream that is being taken up again: nothing new, something to send, or another answer altogether. */
export type Spliced =
  | { readonly is: 'known' }
  | { readonly is: 'new'; readonly bytes: Buffer }
  | { readonly is: 'other' }

/**
 * What the client has been sent of one streamed answer, so that another attempt can go on where this one broke off.
 *
 * I1  `text` is exactly the content the client has, in order, as long as it is `resumable`.
 * I2  After `resume()`, nothing reaches the client until the new answer has repeated all of `text`; where it differs in one character
 *     the answers are two different ones and are never glued together.
 * I3  Only plain text of a single choice is taken up again; tool calls, reasoning, log probabilities, further choices and texts of more than
 *     a million characters, which are not kept, make it `whole or nothing`.
 */
export class Transcript {
  #text = ''
  #plain = true
  #matched = 0

  get text(): string {
    return this.#text
  }

  /** Whether another attempt could go on from here (I3). */
  get resumable(): boolean {
    return this.#plain
  }

  sent(chunk: Chunk): void {
    const content = plainContent(chunk)
    if (content === undefined || this.#text.length > longest) this.#plain = false
    this.#text = this.#plain && content ? this.#text + content.text : ''
    this.#matched = this.#text.length
  }

  /** The next chunks come from an answer that starts anew. */
  resume(): void {
    this.#matched = 0
  }

  /** Holds a chunk of the new answer against what was sent (I2). A chunk that goes beyond it is trimmed to what is new. */
  splice(chunk: Chunk): Spliced {
    const left = this.#text.slice(this.#matched)
    const content = plainContent(chunk)
    if (content === undefined) return { is: 'other' }
    const { text, finished } = content
    const known = text.length <= left.length
    if (known ? !left.startsWith(text) : !text.startsWith(left)) return { is: 'other' }
    if (finished && text.length < left.length) return { is: 'other' }
    const added = text.slice(left.length)
    this.#matched += text.length
    this.#text += added
    return known && !finished ? { is: 'known' } : { is: 'new', bytes: withContent(chunk, added) }
  }

  /** Whether the new answer has caught up with what was sent. */
  get caughtUp(): boolean {
    return this.#matched === this.#text.length
  }
}

const longest = 1_000_000

/** The text a chunk adds to its only choice; `undefined` where it carries anything besides. */
function plainContent(chunk: Chunk): { text: string; finished: boolean } | undefined {
  const choices = chunk['choices']
  if (!Array.isArray(choices)) return undefined
  if (choices.length === 0) return { text: '', finished: false }
  const choice = record(choices[0])
  const delta = record(choice?.['delta'])
  if (choices.length > 1 || !choice || (choice['index'] ?? 0) !== 0) return undefined
  if (choice['logprobs']) return undefined
  for (const [key, value] of Object.entries(delta ?? {})) {
    if (key === 'role' || value === null || value === '') continue
    if (key !== 'content' || typeof value !== 'string') return undefined
  }
  return {
    text: typeof delta?.['content'] === 'string' ? delta['content'] : '',
    finished: hasFinished(choice),
  }
}

function withContent(chunk: Chunk, content: string): Buffer {
  const choice = record((chunk['choices'] as unknown[])[0])
  return sseData({ ...chunk, choices: [{ ...choice, delta: { ...record(choice?.['delta']), content } }] })
}
