import { strictEqual } from 'node:assert'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type FakeClock, fakeClock, seededRandom } from '@holdfast/policy/testing'
import type { Booking } from '../account.ts'
import { Ledger } from '../ledger.ts'
import { readUsage } from '../read-usage.ts'

const names = ['', 'alice', 'bob']

/** Does at random what may happen to two ledgers of one file, and holds what they say against what was booked. */
export async function heldSums(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const below = (most: number): number => Math.floor(random() * most)
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sums-'))
  const file = join(folder, 'usage.sqlite')
  const clock = fakeClock()
  let begun = Date.UTC(2026, 0, 1 + below(60), 23, 59, below(60))
  const began = clock.now()
  const wall = (): number => begun + clock.now() - began
  const make = (): Ledger => new Ledger({ file, clock, wall })
  const ledgers = [make(), make()]
  const booked: { readonly booking: Booking; readonly day: string }[] = []
  let lock: DatabaseSync | undefined
  try {
    for (let step = 0; step < 60; step++) {
      const nth = below(2)
      const what = random()
      if (what < 0.6) {
        const booking = randomBooking(below)
        ledgers[nth]!.book(booking)
        booked.push({ booking, day: new Date(wall()).toISOString().slice(0, 10) })
      } else if (what < 0.75) await clock.advance(below(3_000))
      else if (what < 0.8) begun += (below(4) - 1) * 86_400_000
      else if (what < 0.85) lock = toggled(lock, file)
      else if (what < 0.92 && !lock) {
        ledgers[nth]!.close()
        ledgers[nth] = make()
      } else ledgers[nth]!.spent(names[below(3)]!, 'month')
    }
    if (lock) lock = toggled(lock, file)
    await settled(clock)
    const day = new Date(wall()).toISOString().slice(0, 10)
    for (const client of names) {
      const own = booked.filter(({ booking }) => booking.client === client && booking.as === 'answer')
      const spent = (when: string): number =>
        own.reduce((sum, each) => sum + (each.day.startsWith(when) ? each.booking.micros : 0), 0)
      for (const ledger of ledgers) {
        strictEqual(ledger.spent(client, 'day').micros, spent(day))
        strictEqual(ledger.spent(client, 'month').micros, spent(day.slice(0, 7)))
        strictEqual(ledger.spent(client, 'total').micros, spent(''))
      }
    }
    const [sum] = readUsage(file, { by: [] }).rows
    const all = (as: Booking['as'], of: (booking: Booking) => number): number =>
      booked.reduce((before, { booking }) => before + (booking.as === as ? of(booking) : 0), 0)
    strictEqual(
      sum?.answers ?? 0,
      all('answer', () => 1),
    )
    strictEqual(
      sum?.input ?? 0,
      all('answer', ({ used }) => used.input),
    )
    strictEqual(
      sum?.output ?? 0,
      all('answer', ({ used }) => used.output),
    )
    strictEqual(
      Math.round((sum?.cost ?? 0) * 1e6),
      all('answer', ({ micros }) => micros),
    )
    strictEqual(
      sum?.wasted.attempts ?? 0,
      all('waste', () => 1),
    )
    strictEqual(
      Math.round((sum?.wasted.cost ?? 0) * 1e6),
      all('waste', ({ micros }) => micros),
    )
    const apart = readUsage(file, { by: ['day', 'client', 'chain', 'link', 'model'] }).rows
    strictEqual(
      apart.reduce((before, row) => before + row.answers, 0),
      sum?.answers ?? 0,
    )
  } finally {
    lock?.close()
    for (const ledger of ledgers) ledger.close()
    rmSync(folder, { recursive: true })
  }
}

function randomBooking(below: (most: number) => number): Booking {
  const input = below(1_000)
  return {
    client: names[below(3)]!,
    chain: `chain-${below(2)}`,
    link: `link-${below(2)}`,
    model: 'm',
    as: below(3) === 0 ? 'waste' : 'answer',
    used: { input, output: below(1_000), cached: below(input + 1), written: 0 },
    told: below(2) === 0,
    micros: below(1_000_000),
    priced: below(2) === 0,
  }
}

/** Somebody else writes the file from now on, or does no more. */
function toggled(lock: DatabaseSync | undefined, file: string): DatabaseSync | undefined {
  if (lock) {
    lock.close()
    return undefined
  }
  const other = new DatabaseSync(file)
  other.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE')
  return other
}

/** Everything is written, and known to everybody. */
async function settled(clock: FakeClock): Promise<void> {
  await clock.advance(1_000)
  await clock.advance(1_000)
}
