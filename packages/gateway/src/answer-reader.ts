import { errorIn } from './error-in.ts'
import { toClient } from './headers.ts'
import { recordOf } from './json-value.ts'
import { hasChoices, noCompletion } from './no-completion.ts'
import type { Answering, Reader } from './reader.ts'

/** So much, in bytes, an answer may be. */
export const largestAnswer = 64 * 1024 * 1024

/** An answer in one piece: kept back until it is whole and proven to be JSON without an error, and `proven` by default to be a completion, so that a broken one can still be answered by another link. */
export class AnswerReader implements Reader {
  readonly #context: Answering & { readonly heard: () => void }
  readonly #proven: typeof hasChoices
  readonly #chunks: Buffer[] = []
  #size = 0
  finished = false
  complete = false

  constructor(context: Answering & { readonly heard: () => void }, proven = hasChoices) {
    this.#context = context
    this.#proven = proven
  }

  data(chunk: Buffer): undefined {
    this.#size += chunk.length
    if (this.#size > largestAnswer) throw new RangeError(`an answer of more than ${largestAnswer} bytes`)
    this.#chunks.push(chunk)
    this.#context.heard()
  }

  end(): void {
    this.complete = true
    const { reply, status, headers, marks, notes, claim } = this.#context
    const body = Buffer.concat(this.#chunks)
    const json = recordOf(body.toString('utf8'))
    if (!json || errorIn(json) || !this.#proven(json)) throw noCompletion(this.#context, json)
    claim()
    notes.read(json)
    reply.send(status, { 'content-type': 'application/json', ...toClient(headers), ...marks() }, body)
    this.finished = true
  }
}
