import { recordOf } from '../json-value.ts'
import type { Reader } from '../reader.ts'
import { type SseEvent, SseReader, sseData } from '../sse.ts'
import { eventWithMeaning } from './as-it-came.ts'
import { type CompletionStreamOptions, CompletionStreamTranslator } from './completion-stream-translator.ts'

export interface MessageStreamReaderOptions extends CompletionStreamOptions {
  /** Reads the stream once it is one of chat completions. */
  readonly inner: Reader
  /** Whether the client speaks Anthropic's wire too, so that each event goes along as it came. */
  readonly keep: boolean
}

/**
 * Reads a stream of Anthropic's wire by what it means in OpenAI's, so that everything that keeps a stream going is there once.
 * (https://platform.claude.com/docs/en/build-with-claude/streaming)
 */
export class MessageStreamReader implements Reader {
  readonly #options: MessageStreamReaderOptions
  readonly #events = new SseReader()
  readonly #translator: CompletionStreamTranslator

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
    if (!this.#options.keep) return chunks.map(sseData)
    const [first = { choices: [] }, ...rest] = chunks
    return [eventWithMeaning(event, first), ...rest.map(sseData)]
  }
}
