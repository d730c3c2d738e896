import type { IncomingHttpHeaders } from 'node:http'
import { CompletionStream } from './completion-stream.ts'
import type { ExchangeOptions } from './exchange.ts'
import { type OutHeaders, toClient } from './headers.ts'
import { record, recordOf } from './json-value.ts'
import { failureInBody, failureOf, ProviderFailure } from './provider-failure.ts'
import { type SseEvent, SseReader, sseData } from './sse.ts'

/** Reads one answer of a provider as it comes. `data` and `end` throw a `ProviderFailure` where the answer is none. */
export interface Reader {
  /** `full` asks for a pause: the client is behind. */
  data(chunk: Buffer): 'full' | undefined
  /** The provider closed the answer. */
  end(): void
  /** The answer is whole, whatever becomes of the connection. */
  readonly finished: boolean
  /** The provider has said its last byte, so that its connection can be used again. */
  readonly complete: boolean
}

interface Context extends ExchangeOptions {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

const largestAnswer = 64 * 1024 * 1024
const largestError = 64 * 1024

/** An answer in one piece: kept back until it is whole and proven to be a completion, so that a broken one can still be answered by another link. */
export class AnswerReader implements Reader {
  readonly #context: Context & { readonly heard: () => void }
  readonly #chunks: Buffer[] = []
  #size = 0
  finished = false
  complete = false

  constructor(context: Context & { readonly heard: () => void }) {
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
    const { upstream, reply, status, headers, marks } = this.#context
    const body = Buffer.concat(this.#chunks)
    const json = recordOf(body.toString('utf8'))
    if (!json || !Array.isArray(json['choices'])) throw noCompletion(upstream, json, headers)
    reply.send(status, { 'content-type': 'application/json', ...toClient(headers), ...marks() }, body)
    this.finished = true
  }
}

/** An answer that is no completion: an error status, a redirection, or JSON where a stream was asked for. */
export class ErrorReader implements Reader {
  readonly #context: Context
  readonly #chunks: Buffer[] = []
  #size = 0
  readonly finished = false
  complete = false

  constructor(context: Context) {
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

export interface StreamContext extends Context {
  /** The first token is here. */
  readonly began: () => void
  /** Another event is here. */
  readonly heard: () => void
  /** All choices have finished; only usage or `[DONE]` may follow. */
  readonly finished: () => void
  /** `[DONE]` is here, and the client has it. */
  readonly closed: () => void
}

/**
 * A stream: kept back until the first token, so that a provider that dies before it costs the client nothing; then passed on event by event, untouched.
 * Where the reply has begun already, on an earlier attempt, it goes on where that one broke off, or fails with `diverged`.
 */
export class StreamReader implements Reader {
  readonly #context: StreamContext
  readonly #events = new SseReader()
  readonly #stream = new CompletionStream()
  #held: Buffer[] = []
  #passing = false
  #ended = false
  complete = false

  constructor(context: StreamContext) {
    this.#context = context
    if (context.reply.begun) context.reply.transcript.resume()
  }

  get finished(): boolean {
    return this.#ended || (this.#passing && this.#stream.whole && this.#context.reply.transcript.caughtUp)
  }

  data(chunk: Buffer): 'full' | undefined {
    let full: 'full' | undefined
    for (const event of this.#events.push(chunk)) {
      if (this.#ended) break
      full = this.#take(event) ?? full
    }
    return this.#ended ? undefined : full
  }

  end(): void {
    this.complete = true
    if (this.#ended) return
    if (!this.finished)
      throw this.#cut(`${this.#context.upstream.name} broke off in the middle of the answer`)
    this.#finish()
  }

  #take(event: SseEvent): 'full' | undefined {
    if (event.data === undefined) return this.#passing ? this.#pass(event.bytes) : undefined
    const news = this.#stream.read(event.data)
    this.#context.heard()
    switch (news.is) {
      case 'done':
        if (!this.#passing || !this.#context.reply.transcript.caughtUp)
          throw this.#cut(`${this.#context.upstream.name} ended its answer before it began`)
        this.#finish()
        return undefined
      case 'error':
        throw failureInBody(news.body, this.#context.upstream.name, this.#context.upstream.key)
      case 'garbage':
        throw this.#cut(`${this.#context.upstream.name} sent ${news.why}`)
      case 'quiet':
        return this.#quiet(event.bytes)
      case 'content':
        return this.#content(event.bytes, news.chunk)
    }
  }

  #quiet(bytes: Buffer): 'full' | undefined {
    if (this.#passing) return this.#pass(bytes)
    if (!this.#context.reply.begun) this.#held.push(bytes)
    return undefined
  }

  #content(bytes: Buffer, chunk: Readonly<Record<string, unknown>>): 'full' | undefined {
    const { reply, status, headers, marks } = this.#context
    if (!this.#passing && !reply.begun) {
      reply.begin(status, { ...toClient(headers), ...streamHeaders, ...marks() })
      for (const held of this.#held) reply.write(held)
      this.#held = []
      this.#begin()
    }
    if (this.#passing) {
      reply.transcript.sent(chunk)
      const full = this.#pass(bytes)
      if (this.#stream.whole) this.#context.finished()
      return full
    }
    return this.#splice(chunk)
  }

  /** The client has the beginning from an attempt before this one. */
  #splice(chunk: Readonly<Record<string, unknown>>): 'full' | undefined {
    const spliced = this.#context.reply.transcript.splice(chunk)
    if (spliced.is === 'other') {
      throw new ProviderFailure({
        class: 'permanent',
        message: `${this.#context.upstream.name} began another answer than the one that broke off`,
        code: 'DIVERGED',
        blame: 'link',
      })
    }
    if (spliced.is === 'known') return undefined
    this.#begin()
    if (this.#stream.whole) this.#context.finished()
    this.#pass(takenUp(this.#context.marks()))
    return this.#pass(spliced.bytes)
  }

  #begin(): void {
    this.#passing = true
    this.#context.began()
  }

  #pass(bytes: Buffer): 'full' | undefined {
    return this.#context.reply.write(bytes) ? undefined : 'full'
  }

  #finish(): void {
    this.#ended = true
    this.#context.reply.end(sseData('[DONE]'))
    if (!this.complete) this.#context.closed()
  }

  #cut(message: string): ProviderFailure {
    return new ProviderFailure({ class: 'transient', message, code: 'CUT' })
  }
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
}

/** The head is gone already, so a comment in the stream says who goes on; clients pass over it. */
function takenUp(marks: OutHeaders): Buffer {
  const words = Object.entries(marks).map(([name, value]) => `${name}=${value}`)
  return Buffer.from(`: ${words.join(' ')}\n\n`)
}

function noCompletion(
  upstream: { name: string; key: string | undefined },
  json: Readonly<Record<string, unknown>> | undefined,
  headers: IncomingHttpHeaders,
): ProviderFailure {
  const error = json?.['error']
  const body = record(error) ?? (typeof error === 'string' ? { message: error } : undefined)
  if (body) return failureInBody(body, upstream.name, upstream.key)
  const encoding = headers['content-encoding']
  const what =
    encoding && encoding !== 'identity'
      ? `is compressed (${encoding}) although that was refused`
      : 'is no chat completion'
  if (Array.isArray(json?.['choices'])) {
    return new ProviderFailure({
      class: 'permanent',
      message: `${upstream.name} answered in one piece although a stream was asked for`,
    })
  }
  return new ProviderFailure({
    class: 'transient',
    message: `${upstream.name} answered 200 with something that ${what}`,
  })
}
