import { record, recordOf } from './json-value.ts'

/** What one event of a chat completion stream says about the stream. */
export type StreamNews =
  | { readonly is: 'done' }
  | { readonly is: 'quiet' }
  | { readonly is: 'content'; readonly chunk: Chunk }
  | { readonly is: 'error'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly is: 'garbage'; readonly why: string }

export type Chunk = Readonly<Record<string, unknown>>

/**
 * Follows a stream of `chat.completion.chunk`s and knows when it is whole: after `[DONE]`, or when every choice that began has a `finish_reason`.
 * A stream that ends earlier was cut. (OpenAI API reference, "Streaming"; several providers leave `[DONE]` out.)
 */
export class CompletionStream {
  readonly #finished = new Map<number, boolean>()

  /** Whether all that began has finished, so that an end without `[DONE]` is still an end. */
  get whole(): boolean {
    return this.#finished.size > 0 && ![...this.#finished.values()].includes(false)
  }

  read(data: string): StreamNews {
    if (data.trim() === '[DONE]') return { is: 'done' }
    const chunk = recordOf(data)
    if (!chunk) return { is: 'garbage', why: 'an event that is not a JSON object' }
    const error = record(chunk['error'])
    if (error) return { is: 'error', body: error }
    if (typeof chunk['error'] === 'string') return { is: 'error', body: { message: chunk['error'] } }
    const choices = chunk['choices']
    if (!Array.isArray(choices)) return { is: 'quiet' }
    let content = false
    for (const entry of choices) {
      const choice = record(entry)
      if (choice) content = this.#follow(choice) || content
    }
    return content ? { is: 'content', chunk } : { is: 'quiet' }
  }

  #follow(choice: Readonly<Record<string, unknown>>): boolean {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    const finished = typeof choice['finish_reason'] === 'string'
    this.#finished.set(index, finished || this.#finished.get(index) === true)
    const delta = record(choice['delta'])
    return (
      finished ||
      (delta !== undefined && Object.entries(delta).some(([key, value]) => key !== 'role' && says(value)))
    )
  }
}

function says(value: unknown): boolean {
  return (
    value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
  )
}
