import { Transcript } from '../transcript.ts'
import type { Part } from './language-model.ts'

/** An attempt, as far as others have to know of it. */
export interface Speaking {
  readonly over: boolean
}

/**
 * What the caller of one stream has been given, whoever gave it.
 *
 * I1  One attempt at a time speaks: it holds the word until it is over, and others that would speak meanwhile are too late.
 */
export class Listener {
  readonly transcript = new Transcript()
  readonly #thoughts = new Set<string>()
  #text: string | undefined
  #speaking: Speaking | undefined

  /** The block of text that is open. */
  get text(): string | undefined {
    return this.#text
  }

  /** Gives the word to an attempt; false where another has it (I1). */
  hear(attempt: Speaking): boolean {
    if (this.#speaking === undefined || this.#speaking.over) this.#speaking = attempt
    return this.#speaking === attempt
  }

  /** Takes note of what goes out. */
  given(part: Part): void {
    if (part.type === 'text-start') this.#text = part.id
    else if (part.type === 'text-end') this.#text = undefined
    else if (part.type === 'reasoning-start') this.#thoughts.add(part.id)
    else if (part.type === 'reasoning-end') this.#thoughts.delete(part.id)
  }

  /** The ends of what was thought when the attempt that thought it was cut off. */
  unfinishedThoughts(): Part[] {
    return [...this.#thoughts].map((id) => ({ type: 'reasoning-end', id }))
  }
}
