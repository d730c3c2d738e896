import { type ChildRecord, type LineOrigin, recordOf } from './child-line.ts'
import { entryIn } from './entry-in.ts'
import { plainText } from './plain-text.ts'
import { privateKeyLines } from './private-key-lines.ts'
import { redactPlain } from './redact-line.ts'

/** What there is to a line: to keep, and to tell. */
export interface HeardLine {
  /** The line as `redactLine` gives it. */
  readonly text: string
  /** The line as `childLine` reads it. */
  readonly record: ChildRecord | undefined
}

/** Hears the lines of processes, each stream's in their order, and leaves out what goes on with a private key. A line is parsed and searched for secrets once. */
export function childLines(): (line: string, origin: LineOrigin) => HeardLine | undefined {
  const inKey = privateKeyLines()
  return (line, origin) => {
    if (inKey(line, origin)) return undefined
    const said = plainText(line)
    const entry = entryIn(said)
    const text = redactPlain(said, () => entry)
    return { text, record: recordOf({ said, entry, text: () => text }, origin) }
  }
}
