import { openaiErrorBody } from './dialects/anthropic-error.ts'
import { final } from './final-failure.ts'
import { headerText } from './headers.ts'
import { recordOf } from './json-value.ts'
import { noCompletion } from './no-completion.ts'
import { failureOf } from './provider-failure.ts'
import type { Answering, Reader } from './reader.ts'
import { retryAfterOf } from './retry-after.ts'

const largestError = 64 * 1024

/** An answer that is no completion: an error status, a redirection, or JSON where a stream was asked for. */
export class ErrorReader implements Reader {
  readonly #context: Answering
  readonly #chunks: Buffer[] = []
  #size = 0
  /** An error has said what it is with its status; without its words it is still that error. */
  readonly finished: boolean
  complete = false

  constructor(context: Answering) {
    this.#context = context
    this.finished = context.status >= 300
  }

  data(chunk: Buffer): undefined {
    if (this.#size < largestError) this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size >= largestError) this.#refuse()
  }

  end(): void {
    this.complete = true
    this.#refuse()
  }

  #refuse(): never {
    const { upstream, request, dialect, status, headers } = this.#context
    const came = Buffer.concat(this.#chunks)
    const body = dialect === request.dialect ? came : openaiErrorBody(came)
    if (status < 300) throw noCompletion(this.#context, recordOf(body.toString('utf8')))
    const failure = failureOf({
      upstream: upstream.name,
      status,
      body,
      retryAfter: retryAfterOf(headers),
      key: upstream.key,
      wallNow: Date.now(),
    })
    throw headerText(headers['x-should-retry']) === 'false' ? final(failure) : failure
  }
}
