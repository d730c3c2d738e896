import type { Readable } from 'node:stream'
import { lines } from './lines.ts'

/** A stream that is being read line by line. */
export interface PacedLines {
  /** From now on it is read as fast as it comes: who wrote to it is gone and leaves no more than a pipe holds. */
  hurry(): void
}

/** How many bytes are still read while the taker wants no more: a quiet writer goes on beside one that floods. */
const ahead = 65_536

/*
 * I1  Every line is given once, in order, when it is read.
 * I2  While the latest promise that `give` answered with is not settled, at most `ahead` bytes and one more chunk are read.
 * I3  Every pause ends: with that promise, whichever way it settles, or with `hurry`.
 */
/** Reads the lines of a stream as fast as they are taken: a promise that `give` answers with means "no more for now". */
export const pacedLines = (readable: Readable, give: (line: string) => unknown): PacedLines => {
  let room: unknown
  let since = 0
  let hurried = false
  const reader = lines({
    line: (text) => {
      const answer = give(text)
      if (!(answer instanceof Promise) || answer === room || hurried) return
      room = answer
      const settled = () => {
        if (answer === room) go()
      }
      answer.then(settled, settled)
    },
  })
  const go = () => {
    room = undefined
    since = 0
    readable.resume()
  }
  readable
    .on('data', (chunk: Buffer) => {
      reader.write(chunk)
      if (room === undefined) return
      since += chunk.length
      if (since > ahead) readable.pause()
    })
    .once('close', reader.end)
    .on('error', () => {})
  return {
    hurry: () => {
      hurried = true
      go()
    },
  }
}
