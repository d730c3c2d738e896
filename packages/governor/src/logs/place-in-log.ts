import { readSync } from 'node:fs'

/** What is read at once; when less is left, the rest is read from its beginning. */
const piece = 65_536

/**
 * Where in a log file a line begins before which all are older than a moment (ISO 8601), and not much before the first that is not.
 *
 * A bisection on the times of the lines, which are as the clock was: reads some hundred KiB of a file of any size.
 */
export const placeInLog = (fd: number, size: number, since: string): number => {
  const buffer = Buffer.alloc(piece)
  let low = 0
  let high = size
  while (high - low > piece) {
    const middle = low + Math.floor((high - low) / 2)
    const line = lineAfter(fd, middle, high, buffer)
    if (line === undefined || line.time >= since) high = middle
    else low = line.at
  }
  return low
}

/** The first line that begins after a place, and before another. */
const lineAfter = (fd: number, from: number, to: number, buffer: Buffer) => {
  for (let at = from; at < to; ) {
    const got = readSync(fd, buffer, 0, buffer.length, at)
    if (got === 0) return undefined
    for (let end = 0; ; ) {
      const newline = buffer.subarray(0, got).indexOf(10, end)
      if (newline === -1) break
      const [time] = stamp.exec(buffer.toString('latin1', newline + 1, Math.min(got, newline + 26))) ?? []
      if (time !== undefined) return at + newline + 1 < to ? { at: at + newline + 1, time } : undefined
      end = newline + 1
    }
    // Of a line that begins where this piece ends only the next one has the time.
    at += Math.max(1, got - 26)
  }
  return undefined
}

const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?= )/
