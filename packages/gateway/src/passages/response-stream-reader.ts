import { wantsBuffered } from '../chat-request.ts'
import { toClient } from '../headers.ts'
import { record, recordOf } from '../json-value.ts'
import { failureInBody, ProviderFailure } from '../provider-failure.ts'
import type { Reader } from '../reader.ts'
import { type SseEvent, SseReader } from '../sse.ts'
import { streamHeaders } from '../stream/stream-headers.ts'
import type { StreamContext } from '../stream-reader.ts'

/** So much, in bytes, may come before the first word. */
const largestPrelude = 1024 * 1024
/** So much, in bytes, an answer may be that is kept back until it is whole. */
const largestWhole = 64 * 1024 * 1024
/** With these a response ends, whole or as far as it was allowed to (https://developers.openai.com/api/reference/resources/responses/streaming-events). */
const ends: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete'])

/**
 * A stream of OpenAI's responses that passes through: kept back until its first word, or until it is whole, and then event by event, untouched.
 *
 * I1  Once the client has the beginning nobody else can go on with it; it ends with the event that says so, or is broken off.
 */
export class ResponseStreamReader implements Reader {
  readonly #context: StreamContext
  readonly #events = new SseReader()
  readonly #untilWhole: boolean
  #held: Buffer[] = []
  #heldBytes = 0
  #began = false
  #passing = false
  finished = false
  complete = false

  constructor(context: StreamContext) {
    this.#context = context
    this.#untilWhole = wantsBuffered(context.request)
  }

  data(chunk: Buffer): 'full' | undefined {
    let full: 'full' | undefined
    for (const event of this.#events.push(chunk)) if (!this.finished) full = this.#take(event) ?? full
    return full
  }

  end(): void {
    this.complete = true
    if (!this.finished) throw this.#cut('broke off in the middle of the answer')
  }

  #take({ bytes, data }: SseEvent): 'full' | undefined {
    const { upstream, reply, notes, closed } = this.#context
    const json = data === undefined ? {} : recordOf(data)
    if (!json) throw this.#cut('sent an event that is not a JSON object')
    const type = String(json['type'] ?? '')
    const failed = type === 'error' || type === 'response.failed'
    if (failed) {
      const error = record(json['error']) ?? record(record(json['response'])?.['error']) ?? json
      throw failureInBody(error, upstream.name, upstream.key)
    }
    const last = ends.has(type)
    if (type.endsWith('.delta')) notes.content(json)
    else if (last) notes.read(record(json['response']) ?? {})
    if (this.#began || last || type.endsWith('.delta')) this.#hear()
    if (!last && (this.#untilWhole || !this.#began)) return this.#hold(bytes)
    this.#pass()
    if (!last) return reply.write(bytes) ? undefined : 'full'
    this.finished = true
    reply.end(bytes)
    if (!this.complete) closed()
    return undefined
  }

  #hold(bytes: Buffer): undefined {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (!this.#began && this.#heldBytes > largestPrelude)
      throw this.#cut(`sent ${this.#heldBytes} bytes without a word`)
    if (this.#heldBytes > largestWhole)
      throw this.#cut(`sent ${this.#heldBytes} bytes without coming to an end`)
  }

  #hear(): void {
    const { began, heard, claim } = this.#context
    if (this.#began) return heard()
    this.#began = true
    claim()
    began()
  }

  #pass(): void {
    const { reply, status, headers, marks } = this.#context
    if (this.#passing) return
    this.#passing = true
    reply.transcript.sent({}) // nothing that another attempt could go on with
    if (!reply.begun) reply.begin(status, { ...toClient(headers), ...streamHeaders, ...marks() })
    for (const held of this.#held) reply.write(held)
    this.#held = []
  }

  #cut(what: string): ProviderFailure {
    return new ProviderFailure({
      class: 'transient',
      message: `${this.#context.upstream.name} ${what}`,
      code: 'CUT',
    })
  }
}
