import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { constants, open } from 'node:fs/promises'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder as scratch } from '../testing/folder.ts'
import type { LogKeep } from './rotating-file.ts'
import { type LogEvent, serviceLogs } from './service-logs.ts'

const day = 86_400_000
const began = Date.parse('2026-01-02T03:04:05.000Z')

const opened = (part: Partial<LogKeep> = {}, folder = join(scratch(onTestFinished), 'logs')) => {
  let keep = { size: 10_000_000, files: 5, age: 7 * day, ...part }
  const clock = fakeClock()
  const events: LogEvent[] = []
  const wall = () => began + clock.now()
  const logs = serviceLogs({
    ...{ folder, clock, wall },
    keep: () => keep,
    on: (event) => events.push(event),
  })
  const say = (line: string, service = 'a') => logs.write({ service, run: '1', stream: 'stdout', line })
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')
  const said = (name: string) => [...text(name).matchAll(/ stdout (.*)\n/g)].map(([, line]) => line)
  const change = (other: Partial<LogKeep>) => {
    keep = { ...keep, ...other }
  }
  return { folder, clock, logs, events, say, text, said, change }
}

describe('serviceLogs', () => {
  it('keeps each line as it was said, with its time, stream and replica, for the owner alone', async () => {
    const { folder, clock, logs, say, text } = opened()
    await Promise.all([say('a  '), say('')])
    await clock.advance(7)
    await logs.write({ service: 'a', run: '1', replica: 2, stream: 'stderr', line: '{"b":1}' })

    expect(text('a.log')).toBe(
      '2026-01-02T03:04:05.000Z stdout a  \n2026-01-02T03:04:05.000Z stdout \n2026-01-02T03:04:05.007Z stderr.2 {"b":1}\n',
    )
    expect(execFileSync('ls', ['-l', folder], { encoding: 'utf8' })).toContain('-rw------- ')
    await logs[Symbol.asyncDispose]()
  })

  it('keeps what 300 services say at once, a file each, in order', async () => {
    const { folder, logs, say, said } = opened()
    const names = Array.from({ length: 300 }, (_, index) => `s/${index}`)
    await Promise.all(names.flatMap((name) => ['one', 'two'].map((line) => say(line, name))))

    expect(readdirSync(folder)).toHaveLength(300)
    for (const name of names) expect(said(`${encodeURIComponent(name)}.log`)).toEqual(['one', 'two'])
    await logs[Symbol.asyncDispose]()
  })

  it('rotates a full file, and keeps so many and no more', async () => {
    const { folder, logs, say, said } = opened({ size: 100, files: 3 })
    for (let line = 0; line < 12; line++) await say(`line ${line}`)

    expect(readdirSync(folder)).toEqual(['a.log', 'a.log.1', 'a.log.2'])
    // Two lines of 39 bytes a file.
    expect(['a.log.2', 'a.log.1', 'a.log'].map(said)).toEqual([
      ['line 6', 'line 7'],
      ['line 8', 'line 9'],
      ['line 10', 'line 11'],
    ])
    await logs[Symbol.asyncDispose]()
  })

  it('keeps from now on what is wanted from now on', async () => {
    const { folder, logs, say, said, change } = opened({ size: 50, files: 9 })
    for (const line of ['one', 'two', 'three']) await say(line)
    change({ size: 100, files: 2 })
    for (const line of ['four', 'five', 'six']) await say(line)

    expect(readdirSync(folder)).toEqual(['a.log', 'a.log.1'])
    expect(['a.log.1', 'a.log'].map(said)).toEqual([
      ['three', 'four'],
      ['five', 'six'],
    ])
    await logs[Symbol.asyncDispose]()
  })

  it('has one file and no more when no more is wanted', async () => {
    const { folder, logs, say, said } = opened({ size: 50, files: 1 })
    for (const line of ['one', 'two', 'three']) await say(line)

    expect(readdirSync(folder)).toEqual(['a.log'])
    expect(said('a.log')).toEqual(['three'])
    await logs[Symbol.asyncDispose]()
  })

  it('rotates a file that spans its share of the age, though another governor began it', async () => {
    const first = opened({ age: 5 * day })
    await first.say('old')
    await first.logs[Symbol.asyncDispose]()
    const second = opened({ age: 5 * day }, first.folder)
    await second.clock.advance(day + 1)
    await second.say('new')

    expect(second.said('a.log')).toEqual(['new'])
    expect(second.said('a.log.1')).toEqual(['old'])
    await second.logs[Symbol.asyncDispose]()
  })

  it('removes files that are too old, those of services that are gone too, and nothing else', async () => {
    const folder = scratch(onTestFinished)
    for (const name of ['gone.log', 'a.log.1', 'a.log.2', 'notes.txt']) {
      writeFileSync(join(folder, name), 'x')
      const at = (began - (name === 'a.log.1' ? 6 : 8) * day) / 1_000
      utimesSync(join(folder, name), at, at)
    }
    const { logs } = opened({}, folder)

    expect(readdirSync(folder)).toEqual(['a.log.1', 'notes.txt'])
    await logs[Symbol.asyncDispose]()
  })

  it('ends a line that a kill tore before it writes the next (I1)', async () => {
    const folder = scratch(onTestFinished)
    writeFileSync(join(folder, 'a.log'), '2026-01-02T03:04:04.000Z stdout to')
    const { logs, say, said } = opened({}, folder)
    await say('next')

    expect(said('a.log')).toEqual(['to', 'next'])
    await logs[Symbol.asyncDispose]()
  })

  it('begins anew when somebody has removed the file', async () => {
    const { folder, clock, logs, say, said } = opened()
    await say('one')
    rmSync(folder, { recursive: true })
    await clock.advance(1_000)
    await say('two')

    expect(said('a.log')).toEqual(['two'])
    await logs[Symbol.asyncDispose]()
  })

  it('tells once that the disk is full, drops and counts, and says how many are missing when it can (I4, I5)', async () => {
    const folder = scratch(onTestFinished)
    const path = join(folder, 'a.log')
    symlinkSync('/dev/full', path)
    const { clock, logs, events, say, text } = opened({}, folder)
    await Promise.all([say('lost 1'), say('lost 2')])
    const failed = { type: 'log.failed', service: 'a', why: expect.stringContaining('ENOSPC') }
    expect(events).toEqual([failed])
    expect(say('lost 3')).toBeUndefined()

    rmSync(path)
    await clock.advance(1_000)
    expect(say('kept')).toBeUndefined()
    await logs[Symbol.asyncDispose]()

    expect(events).toEqual([failed, { type: 'log.recovered', service: 'a', lost: 3 }])
    expect(text('a.log')).toMatch(/^\S+ holdfast 3 lines are missing here: ENOSPC.*\n\S+ stdout kept\n$/)
  })

  it('says at its end how many are missing, and nothing more of a disk that stays full (I4)', async () => {
    const folder = scratch(onTestFinished)
    symlinkSync('/dev/full', join(folder, 'a.log'))
    symlinkSync('/dev/full', join(folder, 'b.log'))
    const { clock, logs, events, say, text } = opened({}, folder)
    await Promise.all([say('lost', 'a'), say('lost', 'b')])
    await clock.advance(1_000)
    say('lost', 'b')
    rmSync(join(folder, 'a.log'))
    await logs[Symbol.asyncDispose]()

    expect(events.map(({ type, service }) => `${service} ${type}`).toSorted()).toEqual([
      ...['a log.failed', 'a log.recovered', 'b log.failed'],
    ])
    expect(text('a.log')).toMatch(/^\S+ holdfast 1 lines are missing here: ENOSPC.*\n$/)
  })

  it('counts those that a disk took no more in the middle of a write, and tears one line at most (I1, I5)', () => {
    const folder = join(scratch(onTestFinished), 'logs')
    const { stdout } = program(
      folder,
      `process.on('SIGXFSZ', () => {})
       for (let n = 0; n < 500; n++) logs.write({ service: 'a', run: '1', stream: 'stdout', line: 'line ' + n })
       await logs[Symbol.asyncDispose]()`,
      // A process that may write no file longer than 8 KiB: what the system says then is EFBIG.
      { size: 8_000, shell: 'ulimit -f 16' },
    )
    const all = ['a.log.1', 'a.log'].map((name) => readFileSync(join(folder, name), 'utf8')).join('')
    const whole = [...all.matchAll(/^\S{24} stdout line \d+$/gm)].length
    const [, lost] = /holdfast (\d+) lines are missing here: EFBIG/.exec(all) ?? []

    expect(stdout).toMatch(/^log\.failed undefined\nlog\.recovered \d+\n$/)
    expect(stdout).toContain(`log.recovered ${lost}\n`)
    expect([0, 1]).toContain(whole + Number(lost) - 500)
    expect(whole).toBeGreaterThan(150)
  })

  it('asks for a pause while the disk takes nothing, holds no more than 4 Mi, and gives the rest when it does (I2, I3)', async () => {
    const folder = scratch(onTestFinished)
    const path = join(folder, 'a.log')
    execFileSync('mkfifo', [path])
    const { logs, say } = opened({}, folder)
    const line = 'x'.repeat(65_000)
    let settled = false
    const first = say(line)?.then(() => {
      settled = true
    })
    let taken = 0
    while (say(line)) taken += 1
    expect(taken).toBeLessThan(70)
    expect(settled).toBe(false)

    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const piece = Buffer.alloc(65_536)
    let text = ''
    while (!settled) {
      await new Promise((resolve) => setImmediate(resolve))
      try {
        text += piece.toString('latin1', 0, readSync(reader.fd, piece))
      } catch {
        // Nothing there at the moment.
      }
    }
    await first
    await reader.close()
    expect(text.match(/stdout x/g)?.length).toBeGreaterThanOrEqual(taken)
    await logs[Symbol.asyncDispose]()
  })

  it('lets the process end when the disk takes nothing at all', async () => {
    const folder = scratch(onTestFinished)
    execFileSync('mkfifo', [join(folder, 'a.log')])
    const { clock, logs, say } = opened({}, folder)
    say('x'.repeat(200_000))
    const closed = logs[Symbol.asyncDispose]()
    await clock.advance(2_000)

    await closed
    // So that the write that hangs ends too.
    const reader = await open(join(folder, 'a.log'), constants.O_RDONLY | constants.O_NONBLOCK)
    await reader.close()
  })

  it('writes what waits, and what is just being written, when the process ends (I5)', () => {
    const folder = join(scratch(onTestFinished), 'logs')
    program(
      folder,
      `logs.write({ service: 'a', run: '1', stream: 'stdout', line: 'the last but one' })
       await null
       await null
       logs.write({ service: 'a', run: '1', stream: 'stdout', line: 'the last' })
       process.exit(1)`,
    )

    const text = readFileSync(join(folder, 'a.log'), 'utf8')
    expect(text).toContain(' stdout the last but one\n')
    expect(text).toContain(' stdout the last\n')
  })
})

/** Runs a process of its own that has `logs`, and says what they tell. */
const program = (folder: string, text: string, { size = 1e7, shell = ':' } = {}) => {
  const code = `
    import { serviceLogs } from ${JSON.stringify(join(import.meta.dirname, 'service-logs.ts'))}
    const logs = serviceLogs({
      folder: ${JSON.stringify(folder)},
      keep: () => ({ size: ${size}, files: 5, age: 1e9 }),
      on: ({ type, lost }) => console.log(type, lost),
    })
    ${text}`
  const command = `${shell}; exec "$0" --conditions=@holdfast/source --input-type=module -e "$1"`
  return spawnSync('sh', ['-c', command, process.execPath, code], { encoding: 'utf8' })
}
