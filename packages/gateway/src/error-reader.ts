import { recordOf } from './json-value.ts'
import { noCompletion } from './no-completion.ts'
import { failureOf } from './provider-failure.ts'
import type { Answering, Reader } from './reader.ts'

const largestError = 64 * 1024

/** An answer that is no completion: an error status, a redirection, or JSON where a stream was asked for. */
export class ErrorReader implements Reader {
  readonly #context: Answering
  readonly #chunks: Buffer[] = []
  #size = 0
  readonly finished = false
  complete = false

  constructor(context: Answering) {
    this.#context = context
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
    const { upstream, status, headers } = this.#context
    const body = Buffer.concat(this.#chunks)
    if (status < 300) throw noCompletion(upstream, recordOf(body.toString('utf8')), headers)
    throw failureOf({
      upstream: upstream.name,
      status,
      contentType: headers['content-type'] ?? 'application/json',
      body,
      retryAfter: headers['retry-after'],
      key: upstream.key,
      wallNow: Date.now(),
    })
  }
}
