import { StringDecoder } from 'node:string_decoder'

export interface LinesOptions {
  readonly line: (text: string) => void
  /** UTF-16 units a line may have, 1 Mi when not given: an object of JSON that is cut in two is none any more, and its secrets have no names. */
  readonly limit?: number
  /** Called once, instead of splitting, when a line is longer than `limit`; nothing is read after it. */
  readonly overflow?: () => void
}

/** Takes bytes in any pieces; `end` gives out a last line that had no newline. */
export interface Lines {
  write(chunk: Buffer): void
  end(): void
}

/**
 * Cuts a stream of UTF-8 bytes into lines, without their `\n` or `\r\n`.
 *
 * Characters cut by a chunk's end are kept whole. It never holds more than one line: a longer one is split, and never
 * within a character.
 */
export const lines = ({ line, limit = 1_048_576, overflow }: LinesOptions): Lines => {
  const decoder = new StringDecoder('utf8')
  let held = ''
  let over = false

  const give = (text: string) => line(text.endsWith('\r') ? text.slice(0, -1) : text)
  const take = (text: string) => {
    let from = 0
    // Only the new text is searched: `held` stays a rope, and a line in many small pieces stays cheap.
    for (let to = text.indexOf('\n'); to !== -1 && !over; to = text.indexOf('\n', from)) {
      hold(text.slice(from, to))
      if (!over) give(held)
      held = ''
      from = to + 1
    }
    if (!over) hold(text.slice(from))
  }
  const hold = (text: string) => {
    held += text
    while (held.length > limit + (held.endsWith('\r') ? 1 : 0)) {
      if (overflow) {
        over = true
        held = ''
        return overflow()
      }
      const cut = isHighSurrogate(held.charCodeAt(limit - 1)) ? limit - 1 : limit
      line(held.slice(0, cut))
      held = held.slice(cut)
    }
  }

  return {
    write: (chunk) => {
      if (!over) take(decoder.write(chunk))
    },
    end: () => {
      if (over) return
      take(decoder.end())
      if (held !== '' && !over) give(held)
      held = ''
    },
  }
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
