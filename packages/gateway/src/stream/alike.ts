import type { Chunk } from '../completion-stream.ts'
import { record, recordOf } from '../json-value.ts'

/*
 * I1  What it answers is what parsing the text would: the text is, byte for byte, that of the chunk it was made from, but for what stands between the
 *     quotation marks of the content; and that has nothing in it which JSON would read as anything but itself.
 */

/** Chunks of a stream that differ in their content alone, as nearly all of most streams do: read without parsing each. */
export class Alike {
  readonly #before: string
  readonly #after: string
  readonly #chunk: Chunk
  readonly #choice: Readonly<Record<string, unknown>>
  readonly #delta: Readonly<Record<string, unknown>>

  private constructor(before: string, after: string, chunk: Chunk) {
    this.#before = before
    this.#after = after
    this.#chunk = chunk
    this.#choice = choiceOf(chunk)!
    this.#delta = deltaOf(chunk)!
  }

  /** What to hold the next chunks against; `undefined` where the place of the content cannot be told for certain. */
  static to(data: string, chunk: Chunk): Alike | undefined {
    const choices = chunk['choices']
    const content = deltaOf(chunk)?.['content']
    if (!Array.isArray(choices) || choices.length !== 1) return undefined
    if (typeof content !== 'string' || content === '' || !plain.test(content)) return undefined
    const found = data.indexOf(`"${content}"`)
    if (found === -1) return undefined
    const before = data.slice(0, found + 1)
    const after = data.slice(found + 1 + content.length)
    const probe = recordOf(`${before}${marker}${after}`)
    return probe && deltaOf(probe)?.['content'] === marker ? new Alike(before, after, chunk) : undefined
  }

  /** The chunk that the text stands for; `undefined` where it differs in more than its content. */
  read(data: string): Chunk | undefined {
    if (data.length <= this.#before.length + this.#after.length) return undefined
    if (!data.startsWith(this.#before) || !data.endsWith(this.#after)) return undefined
    const content = data.slice(this.#before.length, data.length - this.#after.length)
    if (!plain.test(content)) return undefined
    return { ...this.#chunk, choices: [{ ...this.#choice, delta: { ...this.#delta, content } }] }
  }
}

/** Nothing that JSON would want escaped, or that is an escape. */
const plain = /^[^"\\\u0000-\u001f]*$/
const marker = 'where the content is'

function choiceOf(chunk: Chunk): Readonly<Record<string, unknown>> | undefined {
  return record((chunk['choices'] as readonly unknown[] | undefined)?.[0])
}

function deltaOf(chunk: Chunk): Readonly<Record<string, unknown>> | undefined {
  return record(choiceOf(chunk)?.['delta'])
}
