import { type Chunk, hasFinished } from '../completion-stream.ts'
import { record } from '../json-value.ts'

type Json = Record<string, unknown>

/** Puts the chunks of a stream together to the completion that the same request gives without `stream` (OpenAI API reference, "The chat completion chunk object"). */
export class CollectedCompletion {
  readonly #head: Json = {}
  readonly #choices = new Map<number, { message: Json; finish: unknown; logprobs: Json | null }>()

  add(chunk: Chunk): void {
    const { choices, ...head } = chunk
    for (const [key, value] of Object.entries(head)) if (value !== null) this.#head[key] = value
    if (!Array.isArray(choices)) return
    for (const entry of choices) {
      const choice = record(entry)
      if (choice) this.#choice(choice)
    }
  }

  completion(): Json {
    const choices = [...this.#choices]
      .sort(([a], [b]) => a - b)
      .map(([index, { message, finish, logprobs }]) => ({ index, message, logprobs, finish_reason: finish }))
    return { ...this.#head, object: 'chat.completion', choices }
  }

  #choice(choice: Readonly<Json>): void {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    const known = this.#choices.get(index) ?? {
      message: { role: 'assistant', content: null },
      finish: null,
      logprobs: null,
    }
    this.#choices.set(index, known)
    merge(known.message, record(choice['delta']) ?? {})
    const logprobs = record(choice['logprobs'])
    if (logprobs) {
      known.logprobs ??= {}
      merge(known.logprobs, logprobs)
    }
    if (hasFinished(choice)) known.finish = choice['finish_reason']
  }
}

/** Text goes on where it ended; lists too, but for pieces with an `index`, which belong to the item of that number. */
function merge(into: Json, delta: Readonly<Json>): void {
  for (const [key, value] of Object.entries(delta)) {
    if (value === null || value === undefined || key === 'index' || key === '__proto__') continue
    const before = into[key]
    if (typeof value === 'string' && typeof before === 'string' && !whole.has(key)) into[key] = before + value
    else if (Array.isArray(value)) into[key] = mergedList(Array.isArray(before) ? before : [], value)
    else if (record(value) && record(before)) merge(before as Json, record(value)!)
    else into[key] = record(value) ? merged(value as Json) : value
  }
}

/** Fields that come in one piece, and may come again. */
const whole: ReadonlySet<string> = new Set(['role', 'id', 'type', 'name', 'format', 'signature'])

function mergedList(list: unknown[], pieces: readonly unknown[]): unknown[] {
  for (const piece of pieces) {
    const index = record(piece)?.['index']
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index > list.length)
      list.push(piece)
    else if (index === list.length) list.push(merged(piece as Json))
    else merge(list[index] as Json, piece as Json)
  }
  return list
}

function merged(piece: Readonly<Json>): Json {
  const into: Json = {}
  merge(into, piece)
  return into
}
