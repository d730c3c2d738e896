import { record, recordOf } from '../json-value.ts'
import type { Reader } from '../reader.ts'
import { type SseEvent, SseReader, sseData } from '../sse.ts'
import { answerWithMeaning, eventWithMeaning } from './as-it-came.ts'
import { CollectedMessage } from './collected-message.ts'
import { type CompletionStreamOptions, CompletionStreamTranslator } from './completion-stream-translator.ts'
import { text, type WireObject } from './wire-value.ts'

export interface MessageStreamReaderOptions extends CompletionStreamOptions {
  /** Reads the stream once it is one of chat completions. */
  readonly inner: Reader
  /** Whether the client speaks Anthropic's wire too, so that each event goes along as it came. */
  readonly keep: boolean
  /** Whether that client wants one piece: then the answer goes along, put together from them. */
  readonly onePiece: boolean
}

/**
 * Reads a stream of Anthropic's wire by what it means in OpenAI's, so that everything that keeps a stream going is there once.
 * (https://platform.claude.com/docs/en/build-with-claude/streaming)
 */
export class MessageStreamReader implements Reader {
  readonly #options: MessageStreamReaderOptions
  readonly #events = new SseReader()
  readonly #translator: CompletionStreamTranslator
  readonly #collected = new CollectedMessage()

  constructor(options: MessageStreamReaderOptions) {
    this.#options = options
    this.#translator = new CompletionStreamTranslator(options)
  }

  get finished(): boolean {
    return this.#options.inner.finished
  }

  get complete(): boolean {
    return this.#options.inner.complete
  }

  data(chunk: Buffer): 'full' | undefined {
    const meant = this.#events.push(chunk).flatMap((event) => this.#meaning(event))
    return meant.length > 0 ? this.#options.inner.data(Buffer.concat(meant)) : undefined
  }

  end(): void {
    this.#options.inner.end()
  }

  #meaning(event: SseEvent): Buffer[] {
    const { name, data } = event
    if (data === undefined) return []
    const json = recordOf(data)
    if (!json) return [event.bytes]
    if (json['type'] === 'error' || name === 'error') return [sseData({ error: json['error'] ?? json })]
    if (json['type'] === 'message_stop') return [sseData('[DONE]')]
    const chunks = this.#translator.take(json)
    const { keep, onePiece } = this.#options
    if (!keep) return chunks.map(sseData)
    if (onePiece) return [...this.#collect(json), ...chunks].map(sseData)
    const [first = unspoken(json), ...rest] = chunks
    return [eventWithMeaning(event, first), ...rest.map(sseData)]
  }

  /** The whole answer, before the chunk that ends it. */
  #collect(event: WireObject): WireObject[] {
    this.#collected.add(event)
    const whole = event['type'] === 'message_delta' ? this.#collected.message() : undefined
    return whole ? [answerWithMeaning(JSON.stringify(whole), { choices: [] })] : []
  }
}

/** A block that OpenAI's wire has no word for is content all the same, and none that another attempt could go on with. */
function unspoken(event: WireObject): WireObject {
  const kind = text(record(event['content_block'])?.['type'])
  if (kind === '' || known.has(kind)) return { choices: [] }
  return { choices: [{ index: 0, delta: { [kind]: true }, finish_reason: null }] }
}

const known: ReadonlySet<string> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use'])
