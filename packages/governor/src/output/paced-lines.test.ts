import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { pacedLines } from './paced-lines.ts'

const line = `${'x'.repeat(1_023)}\n`
const turn = () => new Promise(setImmediate)

/** A stream of many lines, and who takes them: he answers with a new promise whenever he has none that is open. */
const flood = async (count: number) => {
  const stream = new PassThrough({ highWaterMark: 16_384 })
  let taken = 0
  let waiting: PromiseWithResolvers<void> | undefined
  const paced = pacedLines(stream, () => {
    taken++
    waiting ??= Promise.withResolvers<void>()
    return waiting.promise
  })
  for (let n = 0; n < count; n++) stream.write(line)
  stream.end()
  await turn()
  const settle = async (how: 'resolve' | 'reject') => {
    const { [how]: settled } = waiting!
    waiting = undefined
    settled()
    for (let n = 0; n < 20; n++) await turn()
  }
  return { paced, settle, taken: () => taken }
}

describe('pacedLines', () => {
  it('reads as fast as lines come while nobody objects (I1)', async () => {
    const stream = new PassThrough()
    const lines: string[] = []
    pacedLines(stream, (text) => lines.push(text))

    stream.write('a\nb')
    stream.end('c\nd')
    await turn()

    expect(lines).toEqual(['a', 'bc', 'd'])
  })

  it.each(['resolve', 'reject'] as const)(
    'waits until a promise has settled, a little ahead of it (I2, I3, %s)',
    async (how) => {
      const { settle, taken } = await flood(1_000)

      const first = taken()
      await settle(how)

      expect(first).toBeGreaterThanOrEqual(64)
      expect(first).toBeLessThan(100)
      expect(taken()).toBeGreaterThan(first)
      expect(taken()).toBeLessThan(300)
    },
  )

  it('goes on to the end when it is hurried, whatever it is answered with (I3)', async () => {
    const { paced, taken } = await flood(1_000)

    paced.hurry()
    for (let n = 0; n < 200; n++) await turn()

    expect(taken()).toBe(1_000)
  })

  it('waits for the latest of several promises (I2)', async () => {
    const stream = new PassThrough()
    const answers = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
    let taken = 0
    pacedLines(stream, () => answers[Math.min(taken++, 2)]!.promise)
    const lines = async (count: number) => {
      for (let n = 0; n < count; n++) stream.write(line)
      await turn()
      await turn()
    }
    await lines(200)
    const paused = taken

    answers[0]!.resolve()
    answers[1]!.resolve()
    await turn()
    await turn()
    expect(taken).toBe(paused)

    answers[2]!.resolve()
    for (let n = 0; n < 20; n++) await turn()
    expect(taken).toBe(200)
  })
})
