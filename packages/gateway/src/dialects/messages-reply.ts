import type { OutHeaders } from '../headers.ts'
import { record, recordOf } from '../json-value.ts'
import { hasChoices } from '../no-completion.ts'
import { Reply, type WireError } from '../reply.ts'
import { type SseEvent, SseReader } from '../sse.ts'
import { anthropicError } from './anthropic-error.ts'
import { answerAsItCame, eventAsItCame } from './as-it-came.ts'
import type { Dialect } from './dialect.ts'
import { messageAnswer } from './message-answer.ts'
import { MessageStreamTranslator } from './message-stream-translator.ts'
import type { WireObject } from './wire-value.ts'

/**
 * The answer to a client that speaks Anthropic's wire. It is told what to say in OpenAI's.
 *
 * I1  Whoever takes a stream up again, the client sees one message whose blocks are numbered on: the translator outlives the attempts.
 * I2  An event goes out as it came only while nobody has taken the stream up.
 * I3  A stream ends with `message_stop`, or with `event: error`.
 */
export class MessagesReply extends Reply {
  readonly #events = new SseReader()
  readonly #translator = new MessageStreamTranslator()
  #asTheyCome = true

  override get dialect(): Dialect {
    return 'anthropic'
  }

  override write(bytes: Buffer): boolean {
    let room = true
    for (const event of this.#events.push(bytes)) {
      const out = this.#said(event)
      if (out.length > 0) room = this.relay(out)
    }
    return room
  }

  override end(bytes: Buffer): void {
    if (!bytes.equals(done)) return super.end(bytes)
    super.end(Buffer.concat([...this.#translator.end(), { type: 'message_stop' }].map(eventBytes)))
  }

  override send(status: number, headers: OutHeaders, body: Buffer): void {
    super.send(status, headers, answerBody(status, body))
  }

  protected override lastWords(error: WireError): Buffer {
    return eventBytes(anthropicError(error))
  }

  #said(event: SseEvent): Buffer {
    if (event.data === undefined) {
      if (event.bytes.equals(keepAlive)) return eventBytes({ type: 'ping' })
      this.#asTheyCome &&= !this.#translator.started
      return event.bytes
    }
    const came = this.#asTheyCome ? eventAsItCame(event) : undefined
    if (came === undefined)
      return Buffer.concat(this.#translator.take(recordOf(event.data) ?? {}).map(eventBytes))
    for (const { data } of new SseReader().push(Buffer.from(came)))
      this.#translator.follow(recordOf(data ?? '') ?? {})
    return Buffer.from(came)
  }
}

const done = Buffer.from('data: [DONE]\n\n')
const keepAlive = Buffer.from(': keep-alive\n\n')

function eventBytes(event: WireObject): Buffer {
  return Buffer.from(`event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`)
}

function answerBody(status: number, body: Buffer): Buffer {
  const json = recordOf(body.toString('utf8'))
  if (!json || json['type'] === 'error') return body
  const error = record(json['error'])
  if (error) return Buffer.from(JSON.stringify(anthropicError(error, status)))
  if (!hasChoices(json)) return body
  return Buffer.from(answerAsItCame(json) || JSON.stringify(messageAnswer(json)))
}
