/** One server-sent event as it came: its bytes, blank line included, and what they say (`data` is `undefined` where there is nothing to dispatch). */
export interface SseEvent {
  readonly bytes: Buffer
  readonly name: string | undefined
  readonly data: string | undefined
}

const largest = 8 * 1024 * 1024
const lf = 10
const cr = 13
const twoLines = Buffer.from('\n\n')
const byteOrderMark = Buffer.from('\u{feff}')

/**
 * Cuts a byte stream into server-sent events (WHATWG HTML §9.2), wherever the chunks break: inside a UTF-8 character, inside a line,
 * between CR and LF. Lines end with LF, CRLF or CR; a byte order mark before the first is dropped.
 * An event is text only when it is whole, so nothing is ever decoded in halves.
 * `push` answers the events that are now complete; `rest` is what has no blank line after it yet.
 * A line is put together once, when it ends: one of a picture comes in hundreds of chunks.
 */
export class SseReader {
  readonly #parts: Buffer[] = []
  #size = 0
  #searched = 0
  #first = true

  /** Throws a `RangeError` for an event of more than 8 MiB. */
  push(chunk: Buffer): SseEvent[] {
    const events: SseEvent[] = []
    if (this.#size === 0 || endsLine(chunk)) {
      let pending = this.#size === 0 ? chunk : Buffer.concat([...this.#parts, chunk])
      for (;;) {
        const end = blankLine(pending, this.#searched)
        if (end === -1) break
        events.push(this.#event(pending.subarray(0, end)))
        pending = pending.subarray(end)
        this.#searched = 0
      }
      this.#searched = Math.max(0, pending.length - 3)
      this.#parts.length = 0
      this.#size = 0
      if (pending.length > 0) this.#keep(pending)
    } else this.#keep(chunk)
    if (this.#size > largest) throw new RangeError(`an event of more than ${largest} bytes`)
    return events
  }

  get rest(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #keep(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#size += bytes.length
  }

  #event(raw: Buffer): SseEvent {
    const marked = this.#first && raw.indexOf(byteOrderMark) === 0
    this.#first = false
    const bytes = marked ? raw.subarray(byteOrderMark.length) : raw
    return { bytes, ...fields(bytes.toString('utf8')) }
  }
}

function endsLine(bytes: Buffer): boolean {
  return bytes.includes(lf) || bytes.includes(cr)
}

/**
 * Where the first event ends, its blank line included; -1 where none is complete. A CR that is the last byte so far counts as a whole line end,
 * since nothing may ever follow it: a LF that does is then an empty line before the next event, which says nothing.
 */
function blankLine(bytes: Buffer, from: number): number {
  const plain = bytes.indexOf(twoLines, from)
  const end = plain === -1 ? bytes.length : plain
  const returns = bytes.indexOf(cr, from)
  if (returns === -1 || returns > end) return plain === -1 ? -1 : plain + 2
  for (let at = from; at < bytes.length; at++) {
    const next = lineEnd(bytes, at)
    if (next === -1) continue
    const end = lineEnd(bytes, next)
    if (end !== -1) return end
  }
  return -1
}

/** What follows the line end at `at`; -1 where there is none. */
function lineEnd(bytes: Buffer, at: number): number {
  if (bytes[at] === lf) return at + 1
  if (bytes[at] !== cr) return -1
  return bytes[at + 1] === lf ? at + 2 : at + 1
}

/** By far the most events are of one line of data. */
const oneLine = /^data: ([^\r\n]+)\n\n$/

function fields(event: string): Pick<SseEvent, 'name' | 'data'> {
  const [, only] = oneLine.exec(event) ?? []
  if (only !== undefined) return { name: undefined, data: only }
  let name: string | undefined
  let data: string | undefined
  for (const line of event.split(/\r\n|\n|\r/)) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') name = value
    else if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
  }
  return { name, data: data || undefined }
}

/** A `data:` event around a value, as JSON. */
export function sseData(value: unknown): Buffer {
  return Buffer.from(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`)
}
