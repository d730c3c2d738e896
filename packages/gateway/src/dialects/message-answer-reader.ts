import { largestAnswer } from '../answer-reader.ts'
import { recordOf } from '../json-value.ts'
import type { Reader } from '../reader.ts'
import { answerWithMeaning } from './as-it-came.ts'
import { completionAnswer } from './completion-answer.ts'

export interface MessageAnswerReaderOptions {
  /** Reads the answer once it is a chat completion. */
  readonly inner: Reader
  /** In seconds since 1970. */
  readonly created: number
  /** Whether the client speaks Anthropic's wire too, so that the answer goes along as it came. */
  readonly keep: boolean
  readonly heard: () => void
}

/** Reads an answer of Anthropic's wire that comes in one piece, by what it means in OpenAI's. */
export class MessageAnswerReader implements Reader {
  readonly #options: MessageAnswerReaderOptions
  readonly #chunks: Buffer[] = []
  #size = 0

  constructor(options: MessageAnswerReaderOptions) {
    this.#options = options
  }

  get finished(): boolean {
    return this.#options.inner.finished
  }

  get complete(): boolean {
    return this.#options.inner.complete
  }

  data(chunk: Buffer): undefined {
    this.#size += chunk.length
    if (this.#size > largestAnswer) throw new RangeError(`an answer of more than ${largestAnswer} bytes`)
    this.#chunks.push(chunk)
    this.#options.heard()
  }

  end(): void {
    const { inner, created, keep } = this.#options
    const came = Buffer.concat(this.#chunks)
    const json = recordOf(came.toString('utf8'))
    if (json?.['type'] !== 'message') inner.data(came)
    else {
      const meaning = completionAnswer(json, created)
      inner.data(
        Buffer.from(JSON.stringify(keep ? answerWithMeaning(came.toString('utf8'), meaning) : meaning)),
      )
    }
    inner.end()
  }
}
