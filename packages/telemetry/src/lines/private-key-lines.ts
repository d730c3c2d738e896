import type { LineOrigin } from './child-line.ts'

/** A key has 52 lines if it is RSA of 4,096 bits, and twice as many if it is twice as long. */
const most = 128
/** How many keys may be open at once; those whose stream ended inside them are among these. */
const remembered = 1_000
/** No line of a key is longer; to test one costs the square of its white space. */
const longest = 256
const begins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----\s*$/
/** Base64, the headers that a key may have, and the empty line after them. */
const within = /^\s*(?:[A-Za-z0-9+/=]{1,100}|[A-Za-z-]{1,20}: .{0,100})?\s*$/

/*
 * I1  Of a private key that is printed line by line, every line but its first and its last is one of its lines.
 * I2  No more than `most` lines after a beginning are, and only such as a key may have.
 * I3  What one stream of one run of a service says changes nothing for the others, also when it ends inside a key.
 * I4  No more than `remembered` keys are known of; the oldest is forgotten first.
 */
/** Tells of each line, given in the order of its stream, whether it goes on with a private key that began before it. */
export function privateKeyLines(): (line: string, origin: LineOrigin) => boolean {
  /** How many lines of a key may still come, by stream. */
  const open = new Map<string, number>()
  return (line, origin) => {
    if (open.size === 0 && !line.includes('-----BEGIN')) return false
    const from = `${origin.stream} ${origin.run ?? ''} ${origin.service}`
    const left = open.get(from) ?? 0
    if (left > 0 && line.length <= longest && within.test(line)) {
      open.set(from, left - 1)
      return true
    }
    open.delete(from)
    if (!begins.test(line)) return false
    if (open.size >= remembered) for (const oldest of open.keys()) if (open.delete(oldest)) break
    open.set(from, most)
    return false
  }
}
