import { entryIn } from './entry-in.ts'
import { isHarmlessLine } from './harmless.ts'
import { plainText, withoutColours } from './plain-text.ts'
import { redact } from './redact.ts'
import { redactPartial } from './redact-partial.ts'
import { redactText } from './redact-text.ts'

/**
 * A line of a process's output as it was said, but without secrets, colours, and white space at its end.
 *
 * A JSON object that has a secret is written anew without it. Hides all that `childLine` hides. Pure; never throws.
 */
export function redactLine(line: string): string {
  return redactPlain(plainText(line), entryIn)
}

/** The same of a text that has no colours any more; the object that it may be is asked for only if there may be something to hide. */
export function redactPlain(text: string, entryOf: typeof entryIn): string {
  if (isHarmlessLine(text)) return text
  const entry = entryOf(text)
  if (entry === undefined) return redactText(redactPartial(text))
  const clean = JSON.stringify(redact(colourless(entry)))
  // Where a name stands twice, only the last is in the object.
  return clean === JSON.stringify(entry) ? redactText(redactPartial(text)) : clean
}

/** In JSON a colour is escaped, and a secret may hide behind it. */
function colourless(entry: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(entry).map(([key, value]) => [
      key,
      typeof value === 'string' ? withoutColours(value) : value,
    ]),
  )
}
