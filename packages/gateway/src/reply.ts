import type { Client } from './clients/client.ts'
import { withoutLimits } from './clients/limit-headers.ts'
import type { Dialect } from './dialects/dialect.ts'
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

/** Where a reply is written: a response of Node's, or what stands for one. */
export interface Outlet {
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly destroyed: boolean
  readonly writableNeedDrain: boolean
  readonly socket?: { setTimeout(ms: number): unknown } | null | undefined
  writeHead(status: number, headers: OutHeaders): unknown
  /** False where it asks to wait for `drain`; `done` is called once the bytes are on their way. */
  write(bytes: Buffer, done?: () => void): boolean
  end(bytes: Buffer): unknown
  destroy(): unknown
  on(event: 'drain', listener: () => void): unknown
}

/**
 * The one answer a client gets, whoever gives it.
 *
 * I1  The head goes out once; what was sent is never taken back.
 * I2  A streamed answer ends in exactly one of two ways: `end()`, after which it is whole, or `breakOff()`, an error event without `[DONE]`
 *     and a connection that closes inside the chunked body, so that a client which reads neither still notices.
 * I3  A client that does not read what it was sent is let go: its connection is closed after `unread` ms without progress.
 */
export class Reply {
  readonly transcript = new Transcript()
  readonly #response: Outlet
  #standing: OutHeaders
  readonly #unread: number
  #resume: (() => void) | undefined
  #client: Client | undefined
  #broken = false
  #written = 0

  /** `identity` goes out with whatever is answered. */
  constructor(response: Outlet, identity: OutHeaders = {}, unread = 30_000) {
    this.#response = response
    this.#standing = identity
    this.#unread = unread
    response.on('drain', () => {
      const resume = this.#resume
      this.#resume = undefined
      resume?.()
    })
  }

  /** What its client speaks. */
  get dialect(): Dialect {
    return 'openai'
  }

  /** Whose request it answers, where clients have keys. */
  get client(): Client | undefined {
    return this.#client
  }

  /** From now on it answers that client; what a provider says of its own limits is none of its business. */
  serve(client: Client): void {
    this.#client = client
  }

  /** These go out with whatever is answered. */
  carry(headers: OutHeaders): void {
    this.#standing = { ...this.#standing, ...headers }
  }

  /** Whether the client has the head of the answer, so that nothing but this answer can follow. */
  get begun(): boolean {
    return this.#response.headersSent
  }

  get ended(): boolean {
    return this.#response.writableEnded || this.#response.destroyed || this.#broken
  }

  /** Whether it ended by `breakOff`. */
  get broken(): boolean {
    return this.#broken
  }

  /** How often something was written, so that who looks twice knows whether anything was said meanwhile. */
  get written(): number {
    return this.#written
  }

  /** Whether the client has not read what it was sent. */
  get behind(): boolean {
    return this.#response.writableNeedDrain
  }

  begin(status: number, headers: OutHeaders): void {
    const own = this.#client ? withoutLimits(headers) : headers
    this.#response.writeHead(status, { ...own, ...this.#standing })
  }

  /** False when the client is slower than the provider: stop until `drained`. */
  write(bytes: Buffer): boolean {
    return this.relay(bytes)
  }

  /** The same for bytes that were said to a client of this dialect before. */
  relay(bytes: Buffer): boolean {
    this.#written++
    return this.#response.write(bytes)
  }

  /** Calls `resume` once the client has caught up; one call waits at a time, the latest. */
  drained(resume: () => void): void {
    this.#resume = resume
  }

  end(bytes: Buffer): void {
    this.#letGoUnread()
    this.#response.end(bytes)
  }

  /** A whole answer in one piece. */
  send(status: number, headers: OutHeaders, body: Buffer): void {
    this.begin(status, { ...headers, 'content-length': String(body.length) })
    this.end(body)
  }

  /** A client's library is told whether to try again by itself: where nobody says otherwise, only if it is told when. */
  sendError(status: number, headers: OutHeaders, error: WireError): void {
    const again = { 'x-should-retry': String(headers['retry-after'] !== undefined) }
    this.send(
      status,
      { 'content-type': 'application/json', ...again, ...headers },
      Buffer.from(JSON.stringify({ error })),
    )
  }

  /** Ends a stream that cannot be finished (I2). */
  breakOff(error: WireError): void {
    this.breakOffSaying(this.lastWords(error))
  }

  /** The same, in words that are the client's already. */
  breakOffSaying(words: Buffer): void {
    const response = this.#response
    this.#broken = true
    this.#letGoUnread()
    response.write(words, () => response.destroy())
  }

  /** The event that says why a stream has no end. */
  protected lastWords(error: WireError): Buffer {
    return sseData({ error })
  }

  /** Node destroys a socket whose time-out nobody handles, and sets its own one when the response has gone out (I3). */
  #letGoUnread(): void {
    this.#response.socket?.setTimeout(this.#unread)
  }
}

/** What is wrong with a request, as the OpenAI wire says it. */
export function invalid(message: string, code: string, param: string | null = null): WireError {
  return { message, type: 'invalid_request_error', code, param }
}
