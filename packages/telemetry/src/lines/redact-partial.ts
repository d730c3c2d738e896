import { isSecret, redacted } from './secret-key.ts'

const named = /"([^"\\]{1,64})"\s{0,4}:\s{0,4}"/g

/**
 * The text with `[redacted]` in place of what stands under the name of a secret in JSON that cannot be read: an object that was cut off, is too long, or
 * stands in the middle of a sentence.
 *
 * Linear in the length of the text. Pure; never throws.
 */
export function redactPartial(text: string): string {
  if (!text.includes('":') && !text.includes('" :')) return text
  let out = ''
  let from = 0
  named.lastIndex = 0
  for (let found = named.exec(text); found !== null; found = named.exec(text)) {
    const start = named.lastIndex
    const end = closing(text, start)
    // From here on a value is a value, and none of it a name.
    named.lastIndex = end
    if (!isSecret(found[1]!, text.slice(start, Math.min(end, start + 64)))) continue
    out += text.slice(from, start) + redacted
    from = end
  }
  return from === 0 ? text : out + text.slice(from)
}

/** Where the quote is that ends a value, or the end of the text. */
function closing(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text[at - 1 - escapes] === '\\' && at - 1 - escapes >= start) escapes++
    if (escapes % 2 === 0) return at
  }
  return text.length
}
