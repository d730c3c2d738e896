import { PassThrough, Writable } from 'node:stream'
import { type FakeClock, fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { type Output, output } from './output.ts'

const lost = (count: number): string => `${count} lost\n`

const turn = (): Promise<unknown> => new Promise(setImmediate)

/** Takes what it is given when it is told to, and not before. */
function slowReader() {
  const taken: string[] = []
  let waiting: (() => void) | undefined
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _, done) {
      taken.push(text)
      waiting = done
    },
  })
  const take = async (most = Infinity): Promise<void> => {
    await turn()
    for (let n = 0; n < most && waiting !== undefined; n++) {
      const next = waiting
      waiting = undefined
      next()
      await turn()
    }
  }
  return { stream, take, writes: () => taken.length, lines: () => taken.join('').split('\n').slice(0, -1) }
}

interface Scene {
  readonly reader: ReturnType<typeof slowReader>
  readonly clock: FakeClock
  readonly out: Output
}

function scene(): Scene {
  const reader = slowReader()
  const clock = fakeClock()
  return { reader, clock, out: output({ to: reader.stream, lost, clock, patience: 100, full: 1_000 }) }
}
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `line ${from + n}`)
/** Says lines until there are `count`, or, when it may not go on, until it is asked to pause. */
function told({ out }: Scene, [from, to]: readonly [number, number], obeys: boolean) {
  for (let n = from; n < to; n++) {
    const room = out.say(`line ${n}\n`)
    if (room !== undefined && obeys) return { said: n + 1, room }
  }
  return { said: to, room: undefined }
}

describe('output', () => {
  it('hands over what comes in one turn in one write (I1)', async () => {
    const { reader, out } = scene()

    for (const text of ['a\n', 'b\n', 'c\n']) expect(out.say(text)).toBeUndefined()
    await turn()

    expect([reader.lines(), reader.writes()]).toEqual([['a', 'b', 'c'], 1])
  })

  it('loses nothing while the reader reads, however slowly, and asks the writers to pause (I1, I2)', async () => {
    const all = scene()
    const { reader, clock, out } = all
    let next = 0
    let pauses = 0
    while (next < 10_000) {
      const { said, room } = told(all, [next, 10_000], true)
      next = said
      if (room === undefined) break
      pauses++
      let open = false
      void room.then(() => (open = true))
      while (!open) {
        await clock.advance(99)
        await reader.take(1)
      }
    }
    await reader.take()

    expect(reader.lines()).toEqual(numbered(0, 10_000))
    expect(pauses).toBeGreaterThan(10)
    expect(await out.flushed()).toBe(true)
  })

  it('lets the writers go on after a while when the reader takes nothing, and says how many lines are missing (I3, I4)', async () => {
    const all = scene()
    const { reader, clock, out } = all
    const { said, room } = told(all, [0, 10_000], true)
    await turn()
    await clock.advance(100)
    await room

    expect(told(all, [said, 10_000], true)).toEqual({ said: 10_000, room: undefined })
    expect(await out.flushed()).toBe(false)
    await reader.take()
    out.say('after\n')
    await reader.take()

    expect(reader.lines()).toEqual([...numbered(0, said), `${10_000 - said} lost`, 'after'])
    expect(await out.flushed()).toBe(true)
  })

  it('asks nobody to pause for a reader that took nothing before either (I3)', async () => {
    const all = scene()
    const { reader, clock, out } = all
    out.say('first\n')
    await turn()
    await clock.advance(100)

    expect(told(all, [0, 10_000], true).room).toBeUndefined()
    await reader.take()
    await reader.take()
    expect(reader.lines().at(-1)).toMatch(/^\d+ lost$/)
  })

  it('keeps no more than a bounded amount for writers that do not pause (I2, I4)', async () => {
    const all = scene()
    told(all, [0, 100_000], false)
    await all.reader.take()

    const lines = all.reader.lines()
    expect(lines.join('\n').length).toBeLessThan(8_100)
    expect(lines).toEqual([...numbered(0, lines.length - 1), `${100_001 - lines.length} lost`])
  })

  it('asks nothing of anybody any more when the reader leaves (I5)', async () => {
    const to = new PassThrough({ highWaterMark: 1 })
    const out = output({ to, lost, full: 10 })
    const room = out.say('a line that is too long\n')
    const flushed = out.flushed()

    to.destroy(new Error('EPIPE'))

    await room
    expect(await flushed).toBe(false)
    expect(out.say('a line that is too long\n')).toBeUndefined()
    expect(await out.flushed()).toBe(false)
  })
})
