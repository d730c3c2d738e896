import type { Clock } from '@holdfast/policy'
import type { ActiveSpan } from '@holdfast/telemetry/traces'
import { genAi } from './gen-ai.ts'
import { record, recordOf } from './json-value.ts'

/** Writes what a provider's answer says about itself onto the span of its attempt: its model, its tokens, why it ended. Never a word of the answer. */
export class AnswerNotes {
  readonly #span: ActiveSpan
  readonly #clock: Clock
  readonly #began: number
  readonly #reasons: string[] = []
  #model: string | undefined
  #first = true

  constructor(span: ActiveSpan, clock: Clock) {
    this.#span = span
    this.#clock = clock
    this.#began = clock.now()
  }

  status(status: number): void {
    this.#span.setAttribute('http.response.status_code', status)
  }

  /** Of a stream, when content comes: the first time is the one that counts. */
  content(): void {
    if (!this.#first) return
    this.#first = false
    this.#span.setAttribute(genAi.timeToFirstChunk, (this.#clock.now() - this.#began) / 1_000)
  }

  /** An event of a stream that was not read otherwise; only the one with the tokens is worth it. */
  event(data: string): void {
    if (!data.includes('"usage"')) return
    const json = recordOf(data)
    if (json) this.read(json)
  }

  /** A whole answer, or a piece of a streamed one. */
  read(json: Readonly<Record<string, unknown>>): void {
    const { model, choices } = json
    if (this.#model === undefined && typeof model === 'string' && model !== '') {
      this.#model = model.slice(0, longest)
      this.#span.setAttribute(genAi.responseModel, this.#model)
    }
    if (Array.isArray(choices)) for (const choice of choices) this.#finished(record(choice))
    const usage = record(json['usage'])
    if (usage) {
      this.#tokens(genAi.inputTokens, usage['prompt_tokens'])
      this.#tokens(genAi.outputTokens, usage['completion_tokens'])
    }
  }

  #finished(choice: Readonly<Record<string, unknown>> | undefined): void {
    const reason = choice?.['finish_reason']
    if (typeof reason !== 'string' || !/^[a-z_]{1,40}$/i.test(reason)) return
    if (this.#reasons.push(reason) <= mostReasons)
      this.#span.setAttribute(genAi.finishReasons, [...this.#reasons])
  }

  #tokens(name: string, count: unknown): void {
    if (Number.isSafeInteger(count)) this.#span.setAttribute(name, count as number)
  }
}

const longest = 200
const mostReasons = 16
