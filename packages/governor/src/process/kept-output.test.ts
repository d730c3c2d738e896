import { appendFileSync, existsSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder } from '../testing/folder.ts'
import { keptOutput, keptRuns, removeOutput } from './kept-output.ts'

const unit = { service: 'a.b', run: 'c3-1' }
const opened = (path: string) => {
  const clock = fakeClock()
  const heard: string[] = []
  const line = ({ stream, line }: { stream: string; line: string }) => void heard.push(`${stream} ${line}`)
  return { clock, heard, output: keptOutput({ folder: path, unit, clock, line }) }
}

describe('keptOutput', () => {
  it('gives out what is written to either file, and leaves none when it is over', async () => {
    const path = folder(onTestFinished)
    const { clock, heard, output } = opened(path)
    writeSync(output.fds[0], 'one\ntw')
    await clock.advance(50)
    expect(heard).toEqual(['stdout one'])
    writeSync(output.fds[0], 'o\nrest')
    writeSync(output.fds[1], 'bad\n')
    await clock.advance(50)

    await output.finish()

    expect(heard).toEqual(['stdout one', 'stdout two', 'stderr bad', 'stdout rest'])
    expect(readdirSync(path)).toEqual([])
  })

  it('goes on where the reader before it was killed, with whole lines (I1)', async () => {
    const path = folder(onTestFinished)
    const first = opened(path)
    writeSync(first.output.fds[0], 'one\ntw')
    await first.clock.advance(50)
    // The first reader is never heard of again.
    const second = opened(path)
    appendFileSync(join(path, 'a.b.c3-1.stdout'), 'o\n')

    await second.output.finish()

    expect(second.heard).toEqual(['stdout two'])
  })

  it('empties a file that was read to the end, and loses nothing of it (I3)', async () => {
    const path = folder(onTestFinished)
    const { clock, heard, output } = opened(path)
    const line = 'x'.repeat(1_023)
    for (let written = 0; written < 9 * 1024; written++) writeSync(output.fds[0], `${line}\n`)
    while (heard.length < 9 * 1024) await clock.advance(50)
    await clock.advance(50)
    expect(statSync(join(path, 'a.b.c3-1.stdout')).size).toBe(0)
    writeSync(output.fds[0], 'after\n')

    await output.finish()

    expect(heard).toHaveLength(9 * 1024 + 1)
    expect(heard.at(-1)).toBe('stdout after')
  })

  it('waits while its taker wants no more, and takes nothing for given meanwhile (I1)', async () => {
    const clock = fakeClock()
    const heard: string[] = []
    let more = () => {}
    const line = (written: { line: string }) => {
      heard.push(written.line)
      return new Promise<void>((resolve) => {
        more = resolve
      })
    }
    const path = folder(onTestFinished)
    const output = keptOutput({ folder: path, unit, clock, line })
    writeSync(output.fds[0], 'one\n')
    await clock.advance(50)
    writeSync(output.fds[0], 'two\n')
    await clock.advance(500)
    expect(heard).toEqual(['one'])
    expect(existsSync(join(path, 'a.b.c3-1.stdout.read'))).toBe(false)
    more()
    await clock.advance(50)
    expect(heard).toEqual(['one', 'two'])
    more()
    await output.finish()
  })
})

describe('keptRuns', () => {
  it('tells whose output lies about, and removeOutput removes it', () => {
    const path = folder(onTestFinished)
    opened(path)

    expect(keptRuns(path)).toEqual([unit])
    removeOutput(path, unit)
    expect(readdirSync(path)).toEqual([])
  })
})
