import { choicesAsked } from '../chat-request.ts'
import { CompletionStream } from '../completion-stream.ts'
import { toClient } from '../headers.ts'
import { failureInBody, ProviderFailure } from '../provider-failure.ts'
import type { Reader } from '../reader.ts'
import { SseReader } from '../sse.ts'
import type { StreamContext } from '../stream-reader.ts'
import { CollectedCompletion } from './collected-completion.ts'

/** So much, in bytes, an answer may be. */
const largest = 64 * 1024 * 1024

/**
 * A stream for a client that wants one piece: so silence is noticed at the first token and between tokens, not after minutes. The client gets
 * nothing before it is whole.
 */
export class CollectingReader implements Reader {
  readonly #context: StreamContext
  readonly #events = new SseReader()
  readonly #stream: CompletionStream
  readonly #collected = new CollectedCompletion()
  #size = 0
  #began = false
  #ended = false
  complete = false

  constructor(context: StreamContext) {
    this.#context = context
    this.#stream = new CompletionStream(choicesAsked(context.request))
  }

  get finished(): boolean {
    return this.#ended || this.#stream.whole
  }

  data(bytes: Buffer): undefined {
    this.#size += bytes.length
    if (this.#size > largest) throw new RangeError(`an answer of more than ${largest} bytes`)
    for (const { name, data } of this.#events.push(bytes)) {
      if (this.#ended) return
      if (data !== undefined) this.#take(data, name)
    }
  }

  end(): void {
    this.complete = true
    if (this.#ended) return
    if (!this.finished) throw this.#cut('broke off in the middle of the answer')
    this.#send()
  }

  #take(data: string, name: string | undefined): void {
    const { finished } = this
    const { upstream, notes, began, heard, claim } = this.#context
    const news = this.#stream.read(data, name)
    switch (news.is) {
      case 'done':
        if (!this.finished) throw this.#cut('ended its answer without a reason')
        return this.#send()
      case 'error':
        if (finished) return this.#send()
        throw failureInBody(news.body, upstream.name, upstream.key)
      case 'garbage':
        if (finished) return this.#send()
        throw this.#cut(`sent ${news.why}`)
      case 'quiet':
        notes.read(news.chunk)
        this.#collected.add(news.chunk)
        if (this.#began && !finished) heard()
        return
      case 'content':
        notes.content(news.chunk)
        this.#collected.add(news.chunk)
        if (this.#began) heard()
        else {
          claim()
          began()
        }
        this.#began = true
        if (this.finished) this.#context.finished()
    }
  }

  #send(): void {
    const { reply, headers, marks, closed } = this.#context
    this.#ended = true
    const body = Buffer.from(JSON.stringify(this.#collected.completion()))
    reply.send(200, { ...toClient(headers), 'content-type': 'application/json', ...marks() }, body)
    if (!this.complete) closed()
  }

  #cut(what: string): ProviderFailure {
    return new ProviderFailure({
      class: 'transient',
      message: `${this.#context.upstream.name} ${what}`,
      code: 'CUT',
    })
  }
}
