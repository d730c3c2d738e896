import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Booking } from './account.ts'
import { readUsage } from './read-usage.ts'
import { UsageFile } from './usage-file.ts'
import { UsageRows } from './usage-row.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-usage-file-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const path = () => join(folder, 'usage.sqlite')

const booking = {
  client: 'alice',
  chain: 'default',
  link: 'a',
  model: 'm',
  as: 'waste',
  used: { input: 10, output: 2, cached: 0, written: 0 },
  told: false,
  micros: 7,
  priced: true,
} as const satisfies Booking

const rows = (...bookings: readonly Booking[]): UsageRows => {
  const all = new UsageRows()
  for (const each of bookings) all.add('2026-11-21', each)
  return all
}

const wasted = () => readUsage(path(), { by: [] }).rows[0]?.wasted.attempts ?? 0

/** A process that notes requests in flight, and dies as if by kill -9. */
function die(): void {
  const program = `
    const { UsageFile } = await import(${JSON.stringify(join(import.meta.dirname, 'usage-file.ts'))})
    const { UsageRows } = await import(${JSON.stringify(join(import.meta.dirname, 'usage-row.ts'))})
    const rows = new UsageRows()
    for (let nth = 0; nth < 3; nth++) rows.add('2026-11-21', ${JSON.stringify(booking)})
    new UsageFile(${JSON.stringify(path())}).write(new UsageRows(), rows, Date.now())
    process.kill(process.pid, 'SIGKILL')
  `
  const { signal, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@holdfast/source', '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  )
  expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' })
}

describe('UsageFile', () => {
  it('takes over once what a process had in flight that was killed, and nothing of one that lives', () => {
    using living = closing(new UsageFile(path()))
    living.write(rows(), rows(booking), 0)
    die()
    {
      using first = closing(new UsageFile(path()))
      first.write(rows(), rows(), 1_000_000)
      expect(wasted()).toBe(3)
      using second = closing(new UsageFile(path()))
      second.write(rows(), rows(), 1_000_000)
      expect(wasted()).toBe(3)
    }

    living.write(rows(booking), rows(), 1)
    expect(wasted()).toBe(4)
  })

  it('takes over, a minute later, from a process that was killed beside it', () => {
    using file = closing(new UsageFile(path()))
    file.write(rows(booking), rows(), 1_000)
    die()
    file.write(rows(booking), rows(), 2_000)
    expect(wasted()).toBe(2)
    file.write(rows(), rows(), 61_000)

    expect(wasted()).toBe(5)
  })

  it('sees that another has written', () => {
    using one = closing(new UsageFile(path()))
    using other = closing(new UsageFile(path()))
    const { generation } = one
    one.write(rows(booking), rows(), 0)
    expect(one.generation).toBe(generation)
    other.write(rows(booking), rows(), 0)

    expect(one.generation).not.toBe(generation)
    expect(one.spent('alice', '2026-11-21')).toEqual({ day: 0, month: 0, total: 0 })
  })

  it('prints nothing, on this Node or an older one', () => {
    const program = `
      const { sqlite } = await import(${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))})
      new (sqlite().DatabaseSync)(':memory:').close()
      process.emitWarning('this is told')
    `
    const { stderr } = spawnSync(
      process.execPath,
      ['--conditions=@holdfast/source', '--input-type=module', '-e', program],
      { encoding: 'utf8' },
    )

    expect(stderr.match(/Warning: .*/g)).toEqual(['Warning: this is told'])
  })
})

function closing(file: UsageFile): UsageFile & Disposable {
  return Object.assign(file, { [Symbol.dispose]: () => file.close() })
}
