import { errorIn } from './error-in.ts'
import { record, recordOf } from './json-value.ts'
import { Alike } from './stream/alike.ts'

/** What one event of a chat completion stream says about the stream. */
export type StreamNews =
  | { readonly is: 'done' }
  | { readonly is: 'quiet'; readonly chunk: Chunk }
  /** `calls`: it is a piece of a call of a tool, which is of no use unless it is whole. */
  | { readonly is: 'content'; readonly chunk: Chunk; readonly calls: boolean }
  | { readonly is: 'error'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly is: 'garbage'; readonly why: string }

export type Chunk = Readonly<Record<string, unknown>>

/**
 * Follows a stream of `chat.completion.chunk`s and knows when it is whole: after `[DONE]`, or when as many choices as were asked for, and every
 * one that began, have a `finish_reason`. A stream that ends earlier was cut. (OpenAI API reference, "Streaming"; several providers leave `[DONE]` out.)
 */
export class CompletionStream {
  readonly #asked: number
  readonly #open = new Set<number>()
  readonly #finished = new Set<number>()
  #alike: Alike | undefined
  #tries = 0

  /** `asked` is the `n` of the request. */
  constructor(asked = 1) {
    this.#asked = asked
  }

  /** Whether all that was asked for has finished, so that an end without `[DONE]` is still an end. */
  get whole(): boolean {
    return this.#open.size === 0 && this.#finished.size >= this.#asked
  }

  /** `name` is the event's own, where it has one. */
  read(data: string, name?: string): StreamNews {
    const alike = name === 'error' ? undefined : this.#alike?.read(data)
    if (alike) return { is: 'content', chunk: alike, calls: false }
    if (data.trim() === '[DONE]') return { is: 'done' }
    const chunk = recordOf(data)
    const error = chunk && errorIn(chunk)
    if (error) return { is: 'error', body: error }
    if (name === 'error') return { is: 'error', body: chunk ?? { message: data } }
    if (!chunk) return { is: 'garbage', why: 'an event that is not a JSON object' }
    const choices = chunk['choices']
    if (!Array.isArray(choices)) return { is: 'quiet', chunk }
    let content = false
    let calls = false
    for (const entry of choices) {
      const choice = record(entry)
      if (!choice) continue
      content = this.#follow(choice) || content
      calls = calls || callsTool(choice)
    }
    if (!content) return { is: 'quiet', chunk }
    if (!calls && this.#finished.size === 0 && this.#tries++ < mostTries) this.#alike = Alike.to(data, chunk)
    return { is: 'content', chunk, calls }
  }

  #follow(choice: Readonly<Record<string, unknown>>): boolean {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    const finished = hasFinished(choice)
    if (finished) {
      this.#finished.add(index)
      this.#open.delete(index)
    } else if (!this.#finished.has(index)) this.#open.add(index)
    const delta = record(choice['delta'])
    return (
      finished ||
      (delta !== undefined && Object.entries(delta).some(([key, value]) => key !== 'role' && says(value)))
    )
  }
}

/** In a stream whose chunks differ in more than their content there is nothing to be alike to. */
const mostTries = 3

/** Whether a choice says why it ended; several providers say `""` where they mean `null`. */
export function hasFinished(choice: Readonly<Record<string, unknown>>): boolean {
  const reason = choice['finish_reason']
  return typeof reason === 'string' && reason !== ''
}

function callsTool(choice: Readonly<Record<string, unknown>>): boolean {
  const delta = record(choice['delta'])
  return delta !== undefined && (says(delta['tool_calls']) || says(delta['function_call']))
}

function says(value: unknown): boolean {
  return (
    value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
  )
}
