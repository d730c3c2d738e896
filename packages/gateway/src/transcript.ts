import type { Chunk } from './completion-stream.ts'
import { sseData } from './sse.ts'
import { plainContent, withText } from './stream/plain-content.ts'

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
 * I3  Only plain text of a single choice is taken up again; log probabilities, further choices and texts of more than
 *     a million characters, which are not kept, make it `whole or nothing`. What a model thinks aloud is no part of the answer: the client keeps
 *     the thoughts it has, and gets no others.
 * I4  After `goOn()`, what comes is the end of `text`; white space that ends it is not said twice.
 */
export class Transcript {
  #text = ''
  #plain = true
  #started = false
  #matched = 0
  #joint = ''

  get text(): string {
    return this.#text
  }

  /** Whether the client has anything of an answer, be it only thoughts. */
  get started(): boolean {
    return this.#started
  }

  /** Whether another attempt could go on from here (I3). */
  get resumable(): boolean {
    return this.#plain
  }

  sent(chunk: Chunk): void {
    const content = plainContent(chunk)
    this.#started = true
    if (content === undefined || this.#text.length > longest) this.#plain = false
    this.#text = this.#plain && content ? this.#text + content.text : ''
    this.#matched = this.#text.length
  }

  /** The next chunks come from an answer that starts anew. */
  resume(): void {
    this.#matched = 0
    this.#joint = ''
  }

  /** The next chunks come from an answer that was given `text` without the white space at its end (I4). */
  goOn(): void {
    this.#matched = this.#text.length
    this.#joint = this.#text.slice(this.#text.trimEnd().length)
  }

  /** Whether the next chunk may repeat white space that the client has. */
  get joining(): boolean {
    return this.#joint !== ''
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
    return known && !finished ? { is: 'known' } : { is: 'new', bytes: sseData(withText(chunk, added)) }
  }

  /** Adds a chunk of an answer that goes on (I4). */
  append(chunk: Chunk): Spliced {
    const content = plainContent(chunk)
    if (content === undefined) return { is: 'other' }
    const { text, finished } = content
    let said = 0
    while (said < this.#joint.length && text[said] === this.#joint[said]) said++
    this.#joint = said === text.length ? this.#joint.slice(said) : ''
    const added = text.slice(said)
    this.#text += added
    this.#matched = this.#text.length
    return added === '' && !finished ? { is: 'known' } : { is: 'new', bytes: sseData(withText(chunk, added)) }
  }

  /** Whether the new answer has caught up with what was sent. */
  get caughtUp(): boolean {
    return this.#matched === this.#text.length
  }
}

const longest = 1_000_000
