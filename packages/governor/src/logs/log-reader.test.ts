import { appendFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder as scratch } from '../testing/folder.ts'
import { keptText } from './kept-line.ts'
import { logName } from './log-files.ts'
import { type LogReader, logReader } from './log-reader.ts'

const time = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString()
const written = () => {
  const folder = scratch(onTestFinished)
  const path = (service: string, turn = 0) => join(folder, logName(service, turn))
  return {
    folder,
    path,
    say: (at: number, service: string, line: string, turn = 0) =>
      appendFileSync(path(service, turn), keptText({ time: time(at), stream: 'stdout', line })),
    rotate: (service: string, files: number) => {
      for (let turn = files; turn-- > 0; ) renameSync(path(service, turn), path(service, turn + 1))
    },
  }
}
const all = (reader: LogReader): string[] => {
  const found: string[] = []
  for (let line = reader.next(); line; line = reader.next()) found.push(`${line.service} ${line.line}`)
  return found
}

describe('logReader', () => {
  it('gives the lines of all services by time, the oldest file first (I2)', () => {
    const { folder, say } = written()
    say(1, 'a.log.1', 'first', 2)
    say(3, 'a.log.1', 'third')
    say(2, 'b', 'second')
    say(4, 'b', 'fourth')
    using reader = logReader({ folder })

    expect(all(reader)).toEqual(['a.log.1 first', 'b second', 'a.log.1 third', 'b fourth'])
  })

  it('gives those that were asked for alone', () => {
    const { folder, say } = written()
    say(1, 'a', 'one')
    say(2, 'b', 'two')
    using reader = logReader({ folder, services: ['b', 'c'] })

    expect(all(reader)).toEqual(['b two'])
  })

  it('goes on over every rotation, also several at once, and with services that come (I1)', () => {
    const { folder, say, rotate } = written()
    using reader = logReader({ folder })
    expect(all(reader)).toEqual([])
    say(1, 'a', 'one')
    expect(all(reader)).toEqual(['a one'])
    say(2, 'a', 'two')
    rotate('a', 1)
    say(3, 'a', 'three')
    rotate('a', 2)
    say(4, 'a', 'four')
    say(5, 'b', 'five')
    expect(all(reader)).toEqual(['a two', 'a three', 'a four', 'b five'])
    rotate('a', 3)
    expect(all(reader)).toEqual([])
    say(6, 'a', 'six')
    expect(all(reader)).toEqual(['a six'])
  })

  it('goes on with a new file when the one that it reads was removed', () => {
    const { folder, path, say } = written()
    say(1, 'a', 'one')
    using reader = logReader({ folder })
    all(reader)
    rmSync(path('a'))
    say(2, 'a', 'two')

    expect(all(reader)).toEqual(['a two'])
  })

  it('waits for the rest of a line, and leaves out the rest of a torn one', () => {
    const { folder, path, say } = written()
    appendFileSync(path('a'), 'n the middle\n')
    say(1, 'a', 'one')
    appendFileSync(path('a'), `${time(2)} stdout tw`)
    using reader = logReader({ folder })
    expect(all(reader)).toEqual(['a one'])
    appendFileSync(path('a'), 'o\n')

    expect(all(reader)).toEqual(['a two'])
  })

  it('leaves out files in which nothing was written since', () => {
    const { folder, say } = written()
    say(1, 'a', 'one')
    using reader = logReader({ folder, since: Date.now() + 60_000 })

    expect(all(reader)).toEqual([])
  })

  it('gives all since a moment, and little of the megabytes before it, also among long and torn lines', () => {
    const { folder, path, say } = written()
    const filler = 'x'.repeat(1_000)
    const many = Array.from({ length: 4_000 }, (_, at) => {
      const line = at === 2_500 ? 'y'.repeat(300_000) : `${at} ${filler}\n${at % 7 === 0 ? 'torn' : ''}`
      return keptText({ time: time(at), stream: 'stdout', line })
    })
    appendFileSync(path('a'), many.join(''))
    say(4_000, 'a', 'last')
    for (const since of [-1, 0, 17, 1_999, 2_499, 2_500, 2_501, 3_999, 4_000, 4_001]) {
      using reader = logReader({ folder, since: Date.parse(time(since)) })
      const times: string[] = []
      for (let line = reader.next(); line; line = reader.next()) times.push(line.time)

      const due = Array.from({ length: 4_001 - Math.max(since, 0) }, (_, at) => time(Math.max(since, 0) + at))
      expect(times.filter((each) => each >= time(since))).toEqual(due)
      expect(times.length - due.length).toBeLessThan(100)
    }
  })

  it('says which replica wrote a line', () => {
    const { folder, path } = written()
    for (const replica of [1, 12])
      appendFileSync(path('a'), keptText({ time: time(replica), stream: 'stderr', replica, line: 'x' }))
    using reader = logReader({ folder })

    expect(reader.next()).toEqual({ service: 'a', replica: 1, stream: 'stderr', line: 'x', time: time(1) })
    expect(reader.next()).toMatchObject({ replica: 12, stream: 'stderr', line: 'x' })
  })

  it('gives a line whole that is as long as a line can be', () => {
    const { folder, say } = written()
    say(1, 'a', 'x'.repeat(2_000_000))
    using reader = logReader({ folder })

    expect(all(reader)).toEqual([`a ${'x'.repeat(2_000_000)}`])
  })

  it('reaches back so many bytes and to whole lines, over files, and says from when on nothing is missing', () => {
    const { folder, say } = written()
    const bytes = keptText({ time: time(0), stream: 'stdout', line: '0' }).length
    for (const line of [0, 1, 2, 3, 4, 5]) say(line, 'a', String(line), line < 3 ? 1 : 0)
    say(9, 'b', 'nine')
    const read = (reach: number) => {
      using reader = logReader({ folder, reach })
      return [all(reader), reader.whole()]
    }

    expect(read(2 * bytes)).toEqual([['a 4', 'a 5', 'b nine'], time(4)])
    expect(read(2 * bytes + 1)).toEqual([['a 4', 'a 5', 'b nine'], time(4)])
    expect(read(3 * bytes)).toEqual([['a 3', 'a 4', 'a 5', 'b nine'], time(3)])
    expect(read(5 * bytes)).toEqual([['a 1', 'a 2', 'a 3', 'a 4', 'a 5', 'b nine'], time(1)])
    expect(read(6 * bytes)).toEqual([[0, 1, 2, 3, 4, 5].map((line) => `a ${line}`).concat('b nine'), ''])
  })

  it('takes no part of a line for a line, whatever it quotes', () => {
    const { folder, say } = written()
    const quoted = keptText({ time: time(7), stream: 'stderr', line: 'it was so' })
    say(1, 'a', `said: ${quoted.trimEnd()}`)
    using reader = logReader({ folder, reach: quoted.length - 1 })

    expect(all(reader)).toEqual([])
  })

  it('knows of nothing whole when one line is longer than it reaches, and goes on from there', () => {
    const { folder, say } = written()
    say(1, 'a', 'x'.repeat(100))
    using reader = logReader({ folder, reach: 50 })
    expect([all(reader), reader.whole() > time(1e12)]).toEqual([[], true])
    say(2, 'a', 'two')

    expect([all(reader), reader.whole()]).toEqual([['a two'], time(2)])
  })
})
