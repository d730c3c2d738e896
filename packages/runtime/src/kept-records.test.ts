import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type KeptRecord, type KeptRecordsOptions, keptRecords } from './kept-records.ts'
import { logFolder } from './state-folder.ts'

const start = Date.UTC(2026, 0, 1)
const kept = () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-records-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'holdfast.yaml')
  const path = (name: string) => join(logFolder(file), name)
  const text = (at: number, line: string, stream = 'stdout') =>
    `${new Date(start + at).toISOString()} ${stream} ${line}\n`
  return {
    file,
    say: (at: number, service: string, line: string, stream?: string) => {
      mkdirSync(logFolder(file), { recursive: true })
      appendFileSync(path(`${service}.log`), text(at, line, stream))
    },
    many: (service: string, count: number, line: (index: number) => string) => {
      mkdirSync(logFolder(file), { recursive: true })
      const lines = Array.from({ length: count }, (_, index) => text(index, line(index)))
      appendFileSync(path(`${service}.log`), lines.join(''))
    },
    rotate: (service: string) => renameSync(path(`${service}.log`), path(`${service}.log.1`)),
    all: async (options: KeptRecordsOptions = {}) => {
      const found: string[] = []
      for await (const some of keptRecords(file, options))
        for (const { service, level, msg } of some) found.push(`${service} ${level} ${msg}`)
      return found
    },
  }
}

describe('keptRecords', () => {
  it('gives what all services wrote by time, each line as it would have been told, and when it was read', async () => {
    const { file, say, all } = kept()
    say(1, 'b', '{"level":50,"msg":"bad","time":7,"n":1}')
    say(0, 'a', 'good', 'stderr')
    say(2, 'a', '3 lines are missing here: ENOSPC', 'holdfast')
    say(3, 'a', '')

    expect(await all()).toEqual(['a warn good', 'b error bad', 'a warn 3 lines are missing here: ENOSPC'])
    for await (const [first, second] of keptRecords(file, { services: ['b', 'a'] })) {
      if (!second) continue
      expect(first).toMatchObject({ stream: 'stderr' })
      expect(second).toMatchObject({ fields: { n: 1 }, stream: 'stdout', time: '2026-01-01T00:00:00.001Z' })
    }
  })

  it('gives those of some services, above a level, and since a moment', async () => {
    const { say, all } = kept()
    say(1, 'a', 'ERROR: one')
    say(2, 'a', 'two')
    say(3, 'b', 'ERROR: three')
    say(4, 'a', 'ERROR: four')

    expect(await all({ services: ['a'], least: 'warn', since: start + 2 })).toEqual(['a error ERROR: four'])
  })

  it('gives those of one replica, and of a service whose name looks like one', async () => {
    const { file, say, all } = kept()
    say(1, 'web', 'alone')
    say(2, 'web', 'first', 'stdout.1')
    say(3, 'web', 'second', 'stderr.2')
    say(4, 'api.2', 'other')

    expect(await all({ services: ['web'] })).toHaveLength(3)
    expect(await all({ services: ['web.1'] })).toEqual(['web info alone', 'web info first'])
    expect(await all({ services: ['web.2', 'api.2'] })).toEqual(['web warn second', 'api.2 info other'])
    await expect(all({ services: ['nobody.2'] })).rejects.toMatchObject({ code: 'NO_LOG' })
    const records: KeptRecord[] = []
    for await (const some of keptRecords(file, { services: ['web.2'] })) records.push(...some)
    expect(records).toMatchObject([{ service: 'web', replica: 2, stream: 'stderr' }])
  })

  it('gives the latest of many megabytes, of all services and above a level, as if it had read them all', async () => {
    const { say, many, rotate, all } = kept()
    many(
      'a',
      10_000,
      (index) => `${index === 7 || index === 9_000 ? 'ERROR: ' : ''}${index} ${'x'.repeat(40)}`,
    )
    rotate('a')
    say(10_000, 'a', 'last of a')
    many('b', 3, (index) => `old ${index}`)

    expect((await all({ last: 3 })).map((line) => line.slice(0, 12))).toEqual([
      'a info 9998 ',
      'a info 9999 ',
      'a info last ',
    ])
    expect((await all({ last: 2, least: 'error' })).map((line) => line.slice(0, 21))).toEqual([
      'a error ERROR: 7 xxxx',
      'a error ERROR: 9000 x',
    ])
    expect(await all({ last: 2, services: ['b'] })).toEqual(['b info old 1', 'b info old 2'])
    expect(await all({ last: 10_005 })).toHaveLength(10_004)
    expect(await all({ last: 5, since: start + 10_000 })).toEqual(['a info last of a'])
  })

  it('goes on with what is written, over a rotation and with a service that comes, until it is told to stop', async () => {
    const { file, say, rotate } = kept()
    say(0, 'a', 'zero')
    say(1, 'a', 'one')
    const clock = fakeClock()
    const stop = new AbortController()
    const found: string[] = []
    const over = (async () => {
      for await (const some of keptRecords(file, { last: 1, follow: stop.signal, clock }))
        for (const { service, msg } of some) found.push(`${service} ${msg}`)
    })()
    await clock.advance(0)
    expect(found).toEqual(['a one'])
    say(2, 'a', 'two')
    rotate('a')
    say(3, 'a', 'three')
    say(4, 'b', 'four')
    await clock.advance(100)
    expect(found).toEqual(['a one', 'a two', 'a three', 'b four'])

    stop.abort()
    await over
    expect(clock.pending).toBe(0)
  })

  it('says which there are for one of which nothing is kept, and waits for it when it follows', async () => {
    const { file, say, all } = kept()
    await expect(all({ services: ['a'] })).rejects.toMatchObject({
      code: 'NO_LOG',
      message: expect.stringContaining('there are none at all'),
    })
    expect(await all()).toEqual([])
    say(0, 'b', 'x')
    await expect(all({ services: ['b', 'a'] })).rejects.toThrow("no log of 'a' is kept: there are those of b")

    const clock = fakeClock()
    const stop = new AbortController()
    const records = keptRecords(file, { services: ['a'], follow: stop.signal, clock })
    await records.next()
    const next = records.next()
    await clock.advance(100)
    say(1, 'a', 'here')
    await clock.advance(100)
    expect((await next).value).toMatchObject([{ msg: 'here' }])
    stop.abort()
    await records.return(undefined)
  })
})
