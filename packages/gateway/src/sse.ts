/** One server-sent event as it came: its bytes, blank line included, and what its `data:` lines say (`undefined` for a bare comment). */
export interface SseEvent {
  readonly bytes: Buffer
  readonly data: string | undefined
}

const largest = 8 * 1024 * 1024
const lf = 10
const cr = 13

/**
 * Cuts a byte stream into server-sent events (WHATWG HTML §9.2), wherever the chunks break: inside a UTF-8 character, inside a line,
 * between CR and LF. An event is text only when it is whole, so nothing is ever decoded in halves.
 * `push` answers the events that are now complete; `rest` is what has no blank line after it yet.
 */
export class SseReader {
  #pending: Buffer = Buffer.alloc(0)
  #searched = 0

  /** Throws a `RangeError` for an event of more than 8 MiB. */
  push(chunk: Buffer): SseEvent[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const events: SseEvent[] = []
    for (;;) {
      const end = blankLine(this.#pending, this.#searched)
      if (end === -1) break
      const bytes = this.#pending.subarray(0, end)
      events.push({ bytes, data: dataOf(bytes) })
      this.#pending = this.#pending.subarray(end)
      this.#searched = 0
    }
    this.#searched = Math.max(0, this.#pending.length - 3)
    if (this.#pending.length > largest) throw new RangeError(`an event of more than ${largest} bytes`)
    return events
  }

  get rest(): Buffer {
    return this.#pending
  }
}

/** Where the first event ends, its blank line included; -1 where none is complete. */
function blankLine(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(lf, from); at !== -1; at = bytes.indexOf(lf, at + 1)) {
    if (bytes[at + 1] === lf) return at + 2
    if (bytes[at + 1] === cr && bytes[at + 2] === lf) return at + 3
  }
  return -1
}

function dataOf(event: Buffer): string | undefined {
  let data: string | undefined
  for (const line of event.toString('utf8').split(/\r?\n/)) {
    if (!line.startsWith('data:')) continue
    const value = line.slice(line[5] === ' ' ? 6 : 5)
    data = data === undefined ? value : `${data}\n${value}`
  }
  return data
}

/** A `data:` event around a value, as JSON. */
export function sseData(value: unknown): Buffer {
  return Buffer.from(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`)
}
