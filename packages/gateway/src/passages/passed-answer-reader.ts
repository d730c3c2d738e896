import { largestAnswer } from '../answer-reader.ts'
import { errorIn } from '../error-in.ts'
import { toClient } from '../headers.ts'
import { recordOf } from '../json-value.ts'
import { noCompletion } from '../no-completion.ts'
import type { Answering, Reader } from '../reader.ts'

/** An answer that passes through: kept back until it is whole, and proven to be JSON without an error, so that another link can still answer. */
export class PassedAnswerReader implements Reader {
  readonly #context: Answering & { readonly heard: () => void }
  readonly #chunks: Buffer[] = []
  #size = 0
  finished = false
  complete = false

  constructor(context: Answering & { readonly heard: () => void }) {
    this.#context = context
  }

  data(chunk: Buffer): undefined {
    this.#size += chunk.length
    if (this.#size > largestAnswer) throw new RangeError(`an answer of more than ${largestAnswer} bytes`)
    this.#chunks.push(chunk)
    this.#context.heard()
  }

  end(): void {
    this.complete = true
    const { reply, status, headers, marks, notes } = this.#context
    const body = Buffer.concat(this.#chunks)
    const json = recordOf(body.toString('utf8'))
    if (!json || errorIn(json)) throw noCompletion(this.#context, json)
    notes.read(json)
    reply.send(status, { 'content-type': 'application/json', ...toClient(headers), ...marks() }, body)
    this.finished = true
  }
}
