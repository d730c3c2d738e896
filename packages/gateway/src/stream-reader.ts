import { choicesAsked, wantsBuffered } from './chat-request.ts'
import { type Chunk, CompletionStream } from './completion-stream.ts'
import { type OutHeaders, toClient } from './headers.ts'
import { failureInBody, ProviderFailure } from './provider-failure.ts'
import type { Answering, Reader } from './reader.ts'
import { type SseEvent, SseReader, sseData } from './sse.ts'
import { Continuation, type Decided } from './stream/continuation.ts'
import { streamHeaders } from './stream/stream-headers.ts'
import type { Spliced } from './transcript.ts'
import { isUsageAlone } from './usage/asked-usage.ts'

export interface StreamContext extends Answering {
  /** The first token is here. */
  readonly began: () => void
  /** Another event is here. */
  readonly heard: () => void
  /** All choices have finished; only usage or `[DONE]` may follow. */
  readonly finished: () => void
  /** The client has the whole answer, though the provider has not closed it. */
  readonly closed: () => void
  /** Whether the tokens at its end are not for the client. */
  readonly hidesUsage: boolean
}

/** So much, in bytes, may come before the first token: role chunks, filter results, empty deltas. */
const largestPrelude = 1024 * 1024
/** So much, in bytes, may be kept back until it is whole. */
const largestWhole = 64 * 1024 * 1024

/**
 * Where an attempt stands: nothing of it is for the client yet; its answer is held against what the client has; it is not known yet whether it goes
 * on or starts over; or its events are for the client.
 */
type Way =
  | { readonly is: 'fresh' }
  | { readonly is: 'catching-up' }
  | { readonly is: 'taking-up'; readonly continuation: Continuation }
  | { readonly is: 'passing' }

/**
 * A stream: kept back until the first token, so that a provider that dies before it costs the client nothing; then passed on event by event, untouched.
 * Where the client has a beginning already, from an earlier attempt, it goes on where that one broke off, or fails with `diverged`.
 *
 * I1  The client's stream is ended with `[DONE]` only when `finished` was true, or when the provider itself said `[DONE]` after the client had all its text.
 * I2  Once `finished` is true, nothing that the provider does can undo it.
 * I3  From the first piece of a call of a tool on, everything is kept back until all choices have finished: the client gets the whole call or nothing of it.
 *     In the same way a buffered stream is kept back from its beginning.
 */
export class StreamReader implements Reader {
  readonly #context: StreamContext
  readonly #events = new SseReader()
  readonly #stream: CompletionStream
  #way: Way
  #held: Buffer[] = []
  #heldBytes = 0
  #untilWhole: boolean
  #calls = false
  #began = false
  #ended = false
  complete = false

  constructor(context: StreamContext) {
    const { reply, request, continues } = context
    this.#context = context
    this.#stream = new CompletionStream(choicesAsked(request))
    this.#untilWhole = wantsBuffered(request)
    if (!reply.transcript.started) this.#way = { is: 'fresh' }
    else if (continues) this.#way = { is: 'taking-up', continuation: new Continuation(reply.transcript.text) }
    else {
      this.#way = { is: 'catching-up' }
      reply.transcript.resume()
    }
  }

  get finished(): boolean {
    return this.#ended || (this.#way.is === 'passing' && !this.#untilWhole && this.#allSaid)
  }

  get #allSaid(): boolean {
    return this.#stream.whole && this.#context.reply.transcript.caughtUp
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
    if (data === undefined) return this.#way.is === 'passing' ? this.#pass(bytes) : undefined
    const { finished } = this
    const news = this.#stream.read(data, name)
    const { upstream, notes } = this.#context
    switch (news.is) {
      case 'done':
        return this.#done()
      case 'error':
        if (finished) return this.#finish()
        throw failureInBody(news.body, upstream.name, upstream.key)
      case 'garbage':
        if (finished) return this.#finish()
        throw this.#cut(`sent ${news.why}`)
      case 'quiet':
        notes.read(news.chunk)
        if (this.#began && !finished) this.#context.heard()
        return this.#context.hidesUsage && isUsageAlone(news.chunk) ? undefined : this.#quiet(bytes)
      case 'content':
        notes.content(news.chunk)
        return this.#content(bytes, news)
    }
  }

  #done(): undefined {
    if (this.#way.is !== 'passing' || !this.#context.reply.transcript.caughtUp)
      throw this.#cut('ended its answer before it began')
    if (this.#calls && !this.#stream.whole) throw this.#cut('ended its answer inside a call of a tool')
    this.#release()
    this.#finish()
  }

  #quiet(bytes: Buffer): 'full' | undefined {
    if (this.#way.is === 'passing') return this.#pass(bytes)
    if (this.#way.is !== 'fresh') return undefined
    this.#hold(bytes)
    if (this.#heldBytes > largestPrelude) throw this.#cut(`sent ${this.#heldBytes} bytes without a token`)
    return undefined
  }

  #content(bytes: Buffer, { chunk, calls }: { chunk: Chunk; calls: boolean }): 'full' | undefined {
    const { began, heard, claim } = this.#context
    if (this.#began) heard()
    else {
      claim()
      began()
    }
    this.#began = true
    if (calls) this.#keepCall()
    const full = this.#passContent(bytes, chunk)
    if (this.#untilWhole && this.#way.is === 'passing' && this.#allSaid) this.#release()
    if (this.finished) this.#context.finished()
    return full
  }

  /** I3. The beginning of an answer that calls a tool is compared no further than its text. */
  #keepCall(): void {
    const { transcript } = this.#context.reply
    if (this.#way.is === 'taking-up') {
      if (this.#way.continuation.open) throw this.#diverged()
      transcript.goOn()
      this.#takeUp()
    } else if (this.#way.is === 'catching-up') {
      if (!transcript.caughtUp) throw this.#diverged()
      this.#takeUp()
    } else this.#way = { is: 'passing' }
    this.#untilWhole = true
    this.#calls = true
  }

  #passContent(bytes: Buffer, chunk: Chunk): 'full' | undefined {
    const { transcript } = this.#context.reply
    switch (this.#way.is) {
      case 'fresh':
        this.#way = { is: 'passing' }
        if (!this.#untilWhole) this.#release()
        break
      case 'catching-up':
        return this.#splice(chunk)
      case 'taking-up':
        return this.#continue(this.#way.continuation.take(chunk))
    }
    if (this.#untilWhole) return this.#pass(bytes)
    if (transcript.joining) return this.#added(transcript.append(chunk))
    transcript.sent(chunk)
    return this.#pass(bytes)
  }

  /** The client has the beginning from an attempt before this one, and this one repeats it. */
  #splice(chunk: Chunk): 'full' | undefined {
    const spliced = this.#context.reply.transcript.splice(chunk)
    if (spliced.is === 'new') this.#takeUp()
    return this.#added(spliced)
  }

  /** This attempt was given what the client has. */
  #continue(decided: Decided | undefined): 'full' | undefined {
    if (!decided) return undefined
    const { transcript } = this.#context.reply
    let full: 'full' | undefined
    if (decided.is === 'anew') {
      this.#way = { is: 'catching-up' }
      transcript.resume()
      for (const chunk of decided.chunks)
        full =
          (this.#way.is === 'catching-up' ? this.#splice(chunk) : this.#added(transcript.append(chunk))) ??
          full
      return full
    }
    transcript.goOn()
    this.#takeUp()
    for (const chunk of decided.chunks) full = this.#added(transcript.append(chunk)) ?? full
    return full
  }

  #added(spliced: Spliced): 'full' | undefined {
    if (spliced.is === 'other') throw this.#diverged()
    return spliced.is === 'known' ? undefined : this.#pass(spliced.bytes)
  }

  /** From now on its events are for a client that has the beginning from somebody else. */
  #takeUp(): void {
    this.#way = { is: 'passing' }
    this.#pass(takenUp(this.#context.marks()))
  }

  /** Gives the client what was kept back for it. */
  #release(): void {
    const { reply, status, headers, marks } = this.#context
    this.#untilWhole = false
    const held = this.#held
    this.#held = []
    if (!reply.begun) reply.begin(status, { ...toClient(headers), ...streamHeaders, ...marks() })
    else if (!reply.transcript.started) reply.write(takenUp(marks()))
    for (const bytes of held) reply.write(bytes)
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > largestWhole)
      throw this.#cut(`sent ${this.#heldBytes} bytes without coming to an end`)
  }

  #diverged(): ProviderFailure {
    return new ProviderFailure({
      class: 'permanent',
      message: `${this.#context.upstream.name} began another answer than the one that broke off`,
      code: 'DIVERGED',
      blame: 'link',
    })
  }

  #pass(bytes: Buffer): 'full' | undefined {
    if (this.#untilWhole) return void this.#hold(bytes)
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

/** The head is gone already, so a comment in the stream says who goes on; clients pass over it. */
function takenUp(marks: OutHeaders): Buffer {
  const words = Object.entries(marks).map(([name, value]) => `${name}=${value}`)
  return Buffer.from(`: ${words.join(' ')}\n\n`)
}
