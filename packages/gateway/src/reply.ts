import type { ServerResponse } from 'node:http'
import type { OutHeaders } from './headers.ts'
import { sseData } from './sse.ts'
import { Transcript } from './transcript.ts'

/** The error object of the OpenAI wire. */
export interface WireError {
  readonly message: string
  readonly type: string
  readonly code: string
  readonly param: string | null
  readonly [more: string]: unknown
}

/**
 * The one answer a client gets, whoever gives it.
 *
 * I1  The head goes out once; what was sent is never taken back.
 * I2  A streamed answer ends in exactly one of two ways: `end()`, after which it is whole, or `breakOff()`, an error event without `[DONE]`
 *     and a connection that closes inside the chunked body, so that a client which reads neither still notices.
 */
export class Reply {
  readonly transcript = new Transcript()
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** Whether the client has the head of the answer, so that nothing but this answer can follow. */
  get begun(): boolean {
    return this.#response.headersSent
  }

  get ended(): boolean {
    return this.#response.writableEnded || this.#response.destroyed
  }

  begin(status: number, headers: OutHeaders): void {
    this.#response.writeHead(status, headers)
  }

  /** False when the client is slower than the provider: stop until `drained`. */
  write(bytes: Buffer): boolean {
    return this.#response.write(bytes)
  }

  drained(resume: () => void): void {
    this.#response.once('drain', resume)
  }

  end(bytes?: Buffer): void {
    this.#response.end(bytes)
  }

  /** A whole answer in one piece. */
  send(status: number, headers: OutHeaders, body: Buffer): void {
    this.#response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    this.#response.end(body)
  }

  sendError(status: number, headers: OutHeaders, error: WireError): void {
    this.send(
      status,
      { 'content-type': 'application/json', ...headers },
      Buffer.from(JSON.stringify({ error })),
    )
  }

  /** Ends a stream that cannot be finished (I2). */
  breakOff(error: WireError): void {
    const response = this.#response
    response.write(sseData({ error }), () => response.destroy())
  }
}

/** What is wrong with a request, as the OpenAI wire says it. */
export function invalid(message: string, code: string, param: string | null = null): WireError {
  return { message, type: 'invalid_request_error', code, param }
}
