import { choicesAsked } from './chat-request.ts'
import { type Chunk, CompletionStream } from './completion-stream.ts'
import { type OutHeaders, toClient } from './headers.ts'
import { failureInBody, ProviderFailure } from './provider-failure.ts'
import type { Answering, Reader } from './reader.ts'
import { type SseEvent, SseReader, sseData } from './sse.ts'

export interface StreamContext extends Answering {
  /** The first token is here. */
  readonly began: () => void
  /** Another event is here. */
  readonly heard: () => void
  /** All choices have finished; only usage or `[DONE]` may follow. */
  readonly finished: () => void
  /** The client has the whole answer, though the provider has not closed it. */
  readonly closed: () => void
}

/** So much, in bytes, may come before the first token: role chunks, filter results, empty deltas. */
const largestPrelude = 1024 * 1024

/**
 * A stream: kept back until the first token, so that a provider that dies before it costs the client nothing; then passed on event by event, untouched.
 * Where the reply has begun already, on an earlier attempt, it goes on where that one broke off, or fails with `diverged`.
 *
 * I1  The client's stream is ended with `[DONE]` only when `finished` was true, or when the provider itself said `[DONE]` after the client had all its text.
 * I2  Once `finished` is true, nothing that the provider does can undo it.
 */
export class StreamReader implements Reader {
  readonly #context: StreamContext
  readonly #events = new SseReader()
  readonly #stream: CompletionStream
  #held: Buffer[] = []
  #heldBytes = 0
  #began = false
  #passing = false
  #ended = false
  complete = false

  constructor(context: StreamContext) {
    this.#context = context
    this.#stream = new CompletionStream(choicesAsked(context.request))
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
    if (!this.finished) throw this.#cut('broke off in the middle of the answer')
    this.#finish()
  }

  #take({ bytes, name, data }: SseEvent): 'full' | undefined {
    if (data === undefined) return this.#passing ? this.#pass(bytes) : undefined
    const { finished } = this
    const news = this.#stream.read(data, name)
    const { upstream, reply, notes } = this.#context
    switch (news.is) {
      case 'done':
        if (!this.#passing || !reply.transcript.caughtUp) throw this.#cut('ended its answer before it began')
        return this.#finish()
      case 'error':
        if (finished) return this.#finish()
        throw failureInBody(news.body, upstream.name, upstream.key)
      case 'garbage':
        if (finished) return this.#finish()
        throw this.#cut(`sent ${news.why}`)
      case 'quiet':
        notes.read(news.chunk)
        if (this.#began && !finished) this.#context.heard()
        return this.#quiet(bytes)
      case 'content':
        notes.content(news.chunk)
        return this.#content(bytes, news.chunk)
    }
  }

  #quiet(bytes: Buffer): 'full' | undefined {
    if (this.#passing) return this.#pass(bytes)
    if (this.#context.reply.begun) return undefined
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > largestPrelude) throw this.#cut(`sent ${this.#heldBytes} bytes without a token`)
    return undefined
  }

  #content(bytes: Buffer, chunk: Chunk): 'full' | undefined {
    const { reply, status, headers, marks, began, heard } = this.#context
    if (this.#began) heard()
    else began()
    this.#began = true
    if (!reply.begun) {
      reply.begin(status, { ...toClient(headers), ...streamHeaders, ...marks() })
      for (const held of this.#held) reply.write(held)
      this.#held = []
      this.#passing = true
    }
    const full = this.#passing ? this.#passContent(bytes, chunk) : this.#splice(chunk)
    if (this.finished) this.#context.finished()
    return full
  }

  #passContent(bytes: Buffer, chunk: Chunk): 'full' | undefined {
    this.#context.reply.transcript.sent(chunk)
    return this.#pass(bytes)
  }

  /** The client has the beginning from an attempt before this one. */
  #splice(chunk: Chunk): 'full' | undefined {
    const { reply, upstream, marks } = this.#context
    const spliced = reply.transcript.splice(chunk)
    if (spliced.is === 'other') {
      throw new ProviderFailure({
        class: 'permanent',
        message: `${upstream.name} began another answer than the one that broke off`,
        code: 'DIVERGED',
        blame: 'link',
      })
    }
    if (spliced.is === 'known') return undefined
    this.#passing = true
    this.#pass(takenUp(marks()))
    return this.#pass(spliced.bytes)
  }

  #pass(bytes: Buffer): 'full' | undefined {
    return this.#context.reply.write(bytes) ? undefined : 'full'
  }

  #finish(): undefined {
    this.#ended = true
    this.#context.reply.end(sseData('[DONE]'))
    if (!this.complete) this.#context.closed()
  }

  #cut(what: string): ProviderFailure {
    return new ProviderFailure({
      class: 'transient',
      message: `${this.#context.upstream.name} ${what}`,
      code: 'CUT',
    })
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
