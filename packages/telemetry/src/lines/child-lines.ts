import { type ChildRecord, childLine, type LineOrigin } from './child-line.ts'

/** A key has 52 lines if it is RSA of 4,096 bits, and twice as many if it is twice as long. */
const most = 128
const begins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----\s*$/
/** Base64, the headers that a key may have, and the empty line after them. */
const within = /^\s*(?:[A-Za-z0-9+/=]{1,100}|[A-Za-z-]{1,20}: .{0,100})?\s*$/

/*
 * I1  Of a private key that is printed line by line, no line but its first is told.
 * I2  No more than `most` lines after a beginning are left out, and only such as a key may have.
 */
/** Reads the lines of processes as `childLine` does, each stream's in their order, and knows of a private key where it goes on. */
export function childLines(): (line: string, origin: LineOrigin) => ChildRecord | undefined {
  /** How many lines of a key may still come, by stream. */
  const open = new Map<string, number>()
  return (line, origin) => {
    const stream = `${origin.stream} ${origin.service}`
    const left = open.get(stream) ?? 0
    if (left > 0 && within.test(line)) {
      open.set(stream, left - 1)
      return undefined
    }
    if (left > 0) open.delete(stream)
    if (line.includes('-----BEGIN') && begins.test(line)) open.set(stream, most)
    return childLine(line, origin)
  }
}
