import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { output } from './output.ts'

const lost = (count: number): string => `${count} lost\n`

/** Takes what it is given when it is told to, and not before. */
function slowReader() {
  const taken: string[] = []
  let waiting: (() => void) | undefined
  const stream = new Writable({
    decodeStrings: false,
    highWaterMark: 1,
    write(text: string, _, done) {
      taken.push(text)
      waiting = done
    },
  })
  const take = async (): Promise<void> => {
    while (waiting !== undefined) {
      const next = waiting
      waiting = undefined
      next()
      await new Promise(setImmediate)
    }
  }
  return { stream, taken, take }
}

describe('output', () => {
  it('hands everything over in order (I1)', () => {
    const to = new PassThrough({ encoding: 'utf8' })
    const say = output({ to, lost })

    for (const text of ['a\n', 'b\n', 'c\n']) say(text)

    expect(to.read()).toBe('a\nb\nc\n')
  })

  it('keeps little for a reader that does not read, and says where lines are missing once it does (I1, I2, I3)', async () => {
    const { stream, taken, take } = slowReader()
    const say = output({ to: stream, lost, most: 100 })

    for (let n = 0; n < 1_000_000; n++) say(`line ${n}\n`)
    expect(stream.writableLength).toBeLessThan(120)
    await take()
    say('after\n')
    await take()

    const told = taken.filter((text) => text.startsWith('line '))
    expect(told).toEqual(told.map((_, n) => `line ${n}\n`))
    expect(taken.slice(told.length)).toEqual([`${1_000_000 - told.length} lost\n`, 'after\n'])
  })

  it('outlives a reader that leaves', async () => {
    const to = new PassThrough()
    const say = output({ to, lost })

    to.destroy(new Error('EPIPE'))
    await new Promise((resolve) => to.once('close', resolve))

    expect(() => say('a\n')).not.toThrow()
  })
})
