import { CompletionStream } from './completion-stream.ts'
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
