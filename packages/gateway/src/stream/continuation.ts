import type { Chunk } from '../completion-stream.ts'
import { plainContent } from './plain-content.ts'

/** How the answer to a prefilled request is to be read, and its chunks so far: it goes `onward`, or it began `anew` all the same. */
export interface Decided {
  readonly is: 'onward' | 'anew'
  readonly chunks: readonly Chunk[]
}

/** So much of the known text, in characters, repeated word for word, shows that a provider started over; where there is no more, all of it does. */
const proof = { least: 8, enough: 24 } as const

/**
 * Finds out whether a provider that was given the beginning of an answer goes on with it, or repeats it: some take a prefill for one more turn of the
 * conversation. A known text that is too short for a proof is trusted to be gone on with.
 */
export class Continuation {
  readonly #beginning: string
  readonly #chunks: Chunk[] = []
  #fresh = ''

  /** `text` is what was prefilled. */
  constructor(text: string) {
    this.#beginning = text.length < proof.least ? '' : text.slice(0, proof.enough)
  }

  /** Whether it has said something, and nobody knows yet what that is. */
  get open(): boolean {
    return this.#fresh !== ''
  }

  /** `undefined` as long as it could be either. */
  take(chunk: Chunk): Decided | undefined {
    this.#chunks.push(chunk)
    const { text = '', finished = true } = plainContent(chunk) ?? {}
    this.#fresh += text
    const open = this.#fresh.length < this.#beginning.length && this.#beginning.startsWith(this.#fresh)
    if (open && !finished) return undefined
    const anew = this.#beginning !== '' && this.#fresh.startsWith(this.#beginning)
    return { is: anew ? 'anew' : 'onward', chunks: this.#chunks }
  }
}
