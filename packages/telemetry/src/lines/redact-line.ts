import { entryIn, plainText } from './child-line.ts'
import { redact } from './redact.ts'
import { redactPartial } from './redact-partial.ts'
import { redactText } from './redact-text.ts'

/**
 * A line of a process's output as it was said, but without secrets, colours, and white space at its end.
 *
 * A JSON object that has a secret is written anew without it. Hides all that `childLine` hides. Pure; never throws.
 */
export function redactLine(line: string): string {
  const text = plainText(line)
  const entry = entryIn(text)
  if (entry === undefined) return redactText(redactPartial(text))
  const clean = JSON.stringify(redact(entry))
  // Where a name stands twice, only the last is in the object.
  return clean === JSON.stringify(entry) ? redactText(redactPartial(text)) : clean
}
