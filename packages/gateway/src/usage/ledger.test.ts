import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import type { Account, Booking } from './account.ts'
import { Ledger, type LedgerEvent } from './ledger.ts'
import { readUsage } from './read-usage.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const place = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'))
  folders.push(folder)
  return join(folder, 'state', 'usage.sqlite')
}

const evening = Date.UTC(2026, 10, 30, 23, 59, 59)

/** A ledger on a clock that stands still. */
const kept = (file = place()) => {
  const clock = fakeClock()
  const events: LedgerEvent[] = []
  const began = clock.now()
  let wall = evening
  const ledger = new Ledger({
    file,
    clock,
    on: (event) => void events.push(event),
    wall: () => wall + clock.now() - began,
  })
  const jump = (ms: number): void => {
    wall += ms
  }
  return { ledger, clock, events, file, jump }
}

const booking = (as: Partial<Booking> = {}): Booking => ({
  client: 'alice',
  chain: 'default',
  link: 'a/x',
  model: 'x',
  as: 'answer',
  used: { input: 100, output: 20, cached: 10, written: 5 },
  told: true,
  micros: 300,
  priced: true,
  ...as,
})

/** An account that is open, with what it would have to book. */
const account = (...noted: Booking[]): Account =>
  ({ client: noted[0]?.client ?? 'alice', soFar: () => noted }) as unknown as Account

const all = { by: ['day', 'client', 'link'] } as const
const answers = (file: string): number =>
  readUsage(file, { by: [] }).rows.reduce((sum, row) => sum + row.answers, 0)

describe('Ledger', () => {
  it('writes what was booked within a second, and adds it up', async () => {
    const { ledger, clock, file } = kept()
    ledger.book(booking())
    ledger.book(booking())
    ledger.book(booking({ as: 'waste', told: false, priced: false }))
    ledger.book(booking({ client: '', micros: 0 }))
    await clock.advance(1_000)
    ledger.book(booking())
    await clock.advance(1_000)

    expect(readUsage(file, all).rows).toEqual([
      {
        day: '2026-11-30',
        client: '',
        link: 'a/x',
        ...{ answers: 1, input: 100, output: 20, cached: 10, written: 5, cost: 0 },
        wasted: { attempts: 0, input: 0, output: 0, cost: 0 },
        estimated: 0,
        priced: true,
      },
      {
        day: '2026-11-30',
        client: 'alice',
        link: 'a/x',
        ...{ answers: 2, input: 200, output: 40, cached: 20, written: 10, cost: 0.0006 },
        wasted: { attempts: 1, input: 100, output: 20, cost: 0.0003 },
        estimated: 1,
        priced: false,
      },
      {
        day: '2026-12-01',
        client: 'alice',
        link: 'a/x',
        ...{ answers: 1, input: 100, output: 20, cached: 10, written: 5, cost: 0.0003 },
        wasted: { attempts: 0, input: 0, output: 0, cost: 0 },
        estimated: 0,
        priced: true,
      },
    ])
    ledger.close()
  })

  it('opens no file before there is something to write or to ask', () => {
    const { ledger, file } = kept()
    expect(() => readdirSync(join(file, '..'))).toThrow('ENOENT')
    ledger.spent('alice', 'day')

    expect(readdirSync(join(file, '..'))).toContain('usage.sqlite')
    ledger.close()
  })

  it('knows what is spent in a day, a month and ever, written or not, by whoever wrote it', async () => {
    const { ledger, clock, file, jump } = kept()
    const other = kept(file)
    const spent = () => (['day', 'month', 'total'] as const).map((per) => ledger.spent('alice', per).micros)
    ledger.book(booking())
    expect(spent()).toEqual([300, 300, 300])
    ledger.flush()
    ledger.book(booking())
    expect(spent()).toEqual([600, 600, 600])

    other.ledger.book(booking({ micros: 50 }))
    other.ledger.book(booking({ client: 'bob' }))
    other.ledger.book(booking({ as: 'waste' }))
    other.ledger.close()
    expect(spent()).toEqual([600, 600, 600])
    await clock.advance(1_000)
    expect(spent()).toEqual([0, 0, 650])
    ledger.book(booking({ micros: 7 }))
    expect(spent()).toEqual([7, 7, 657])
    jump(86_400_000)
    expect(spent()).toEqual([0, 7, 657])
    jump(-2 * 86_400_000)
    expect(spent()).toEqual([650, 650, 657])
    ledger.close()
  })

  it('counts for the day that the clock says, though it jumps ahead and back', () => {
    const { ledger, jump } = kept()
    ledger.spent('alice', 'day')
    jump(86_400_000)
    ledger.book(booking())
    ledger.flush()
    jump(-86_400_000)

    expect(ledger.spent('alice', 'total').micros).toBe(300)
    expect(ledger.spent('alice', 'month').micros).toBe(0)
    expect(ledger.spent('alice', 'day').micros).toBe(0)
    ledger.close()
  })

  it('says when a day and a month begin anew', () => {
    const { ledger } = kept()

    expect(ledger.spent('alice', 'day').until).toBe(Date.UTC(2026, 11, 1))
    expect(ledger.spent('alice', 'month').until).toBe(Date.UTC(2026, 11, 1))
    expect(ledger.spent('alice', 'total').until).toBeUndefined()
    ledger.close()
  })

  it('counts what is reserved as in flight until it is given back', () => {
    const { ledger } = kept()
    const first = ledger.reserve('alice', 40)
    const second = ledger.reserve('alice', 2)
    expect(ledger.spent('alice', 'day')).toMatchObject({ micros: 0, inFlight: 42 })
    first()
    expect(ledger.spent('alice', 'day').inFlight).toBe(2)
    second()
    expect(ledger.spent('alice', 'total').inFlight).toBe(0)
    ledger.close()
  })

  it('leaves no note of a request that was closed', async () => {
    const { ledger, clock, file } = kept()
    const open = account(booking({ as: 'waste' }))
    ledger.opened(open)
    await clock.advance(1_000)
    expect(notes(file)).toBe(1)
    await clock.advance(1_000)
    expect(notes(file)).toBe(1)
    ledger.closed(open)
    await clock.advance(1_000)

    expect(notes(file)).toBe(0)
    ledger.close()
  })

  it('goes on while another holds the file, and writes everything once it can', async () => {
    const { ledger, clock, events, file } = kept()
    ledger.flush()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    for (let second = 0; second < 12; second++) {
      ledger.book(booking())
      await clock.advance(1_000)
    }
    expect(events).toEqual([{ type: 'ledger.failing', file, why: 'database is locked' }])
    expect(ledger.spent('alice', 'total').micros).toBe(3_600)
    other.exec('ROLLBACK')
    await clock.advance(1_000)

    expect(events).toEqual([expect.anything(), { type: 'ledger.recovered', file }])
    expect(answers(file)).toBe(12)
    other.close()
    ledger.close()
  })

  it('keeps in memory what there is no room for, says so once, and loses nothing of it', async () => {
    const { ledger, clock, events, file } = kept()
    ledger.flush()
    const disk = new DatabaseSync(file)
    disk.exec("CREATE TRIGGER full BEFORE INSERT ON usage BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    ledger.book(booking())
    await clock.advance(5_000)
    ledger.book(booking())
    await clock.advance(5_000)
    expect(events).toEqual([{ type: 'ledger.failing', file, why: 'disk is full' }])
    disk.exec('DROP TRIGGER full')
    await clock.advance(1_000)

    expect(answers(file)).toBe(2)
    disk.close()
    ledger.close()
  })

  it('needs no folder that it can write, and says so once', async () => {
    const { ledger, clock, events, file } = kept()
    writeFileSync(join(file, '..'), 'a file where the folder should be')
    ledger.book(booking())
    await clock.advance(3_000)

    expect(ledger.spent('alice', 'total').micros).toBe(300)
    expect(events).toMatchObject([{ type: 'ledger.failing' }])
    rmSync(join(file, '..'))
    await clock.advance(1_000)
    expect(answers(file)).toBe(1)
    ledger.close()
  })

  it.each([
    ['is no ledger', (file: string) => writeFileSync(file, 'x'.repeat(9_000)), /not a database/],
    ['is of a later Holdfast', (file: string) => pragma(file, 'user_version = 7'), /its version is 7/],
    ['was spoilt', spoil, /malformed/],
  ])('sets a file aside that %s, and begins another', async (_, damage, why) => {
    const first = kept()
    first.ledger.book(booking())
    first.ledger.close()
    damage(first.file)
    const { ledger, clock, events, file } = kept(first.file)
    ledger.book(booking())
    await clock.advance(2_000)

    expect(events).toEqual([
      {
        type: 'ledger.set-aside',
        file,
        aside: expect.stringMatching(/usage\.sqlite\.2026-12-01T/),
        why: expect.stringMatching(why),
      },
    ])
    expect(answers(file)).toBe(1)
    expect(
      readdirSync(join(file, '..')).filter((name) =>
        /sqlite\.2026[^-]*-[\d-]+T[^-]+-\d+-\d+-\d+Z$/.test(name),
      ),
    ).toHaveLength(1)
    ledger.close()
  })

  it('begins another where somebody took the file away', async () => {
    const { ledger, clock, file } = kept()
    ledger.book(booking())
    await clock.advance(1_000)
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
    ledger.book(booking())
    await clock.advance(1_000)

    expect(answers(file)).toBe(1)
    ledger.close()
  })

  it('writes nothing after it was closed, and wakes nobody', async () => {
    const { ledger, clock, file } = kept()
    ledger.book(booking())
    ledger.close()
    ledger.book(booking())
    await clock.advance(5_000)

    expect(answers(file)).toBe(1)
  })
})

function notes(file: string): number {
  using db = disposable(new DatabaseSync(file))
  return db.prepare('SELECT * FROM noted').all().length
}

function pragma(file: string, what: string): void {
  using db = disposable(new DatabaseSync(file))
  db.exec(`PRAGMA ${what}`)
}

/** Its head is sound, so that only who reads further sees it. */
function spoil(file: string): void {
  pragma(file, 'wal_checkpoint(TRUNCATE)')
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.fill('x', 4_096))
}

function disposable(db: DatabaseSync): DatabaseSync & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => db.close() })
}
