import { renameSync } from 'node:fs'
import { type Clock, systemClock } from '@holdfast/policy'
import type { Account, Booking, Books } from './account.ts'
import { OpenAccounts } from './open-accounts.ts'
import { readUsage, type UsageAsked, type UsageTold } from './read-usage.ts'
import type { Spending, Spendings } from './spending.ts'
import { codes, sqliteCode } from './sqlite.ts'
import { NewerFile, type Spent, UsageFile } from './usage-file.ts'
import { UsageRows } from './usage-row.ts'

/** What became of the file of a ledger. */
export type LedgerEvent =
  /** It cannot be written for now: everything is kept in memory. Told once, until it can. */
  | { readonly type: 'ledger.failing'; readonly file: string; readonly why: string }
  /** It was written again, with all that was kept. */
  | { readonly type: 'ledger.recovered'; readonly file: string }
  /** It was of no use, stands at `aside` now, and another was begun. */
  | { readonly type: 'ledger.set-aside'; readonly file: string; readonly aside: string; readonly why: string }

export interface LedgerOptions {
  readonly file: string
  /** How often it is written, in ms (1 000): so much is lost at most when the process is killed. */
  readonly every?: number | undefined
  readonly on?: ((event: LedgerEvent) => void) | undefined
  readonly clock?: Clock | undefined
  /** The wall clock, in ms since 1970: what is used is counted by its day, in UTC. */
  readonly wall?: (() => number) | undefined
}

/** What a client has spent, and on which day that was looked up. */
type Known = { -readonly [each in keyof Spent]: number } & { readonly on: string }

/**
 * Who used how much, and what it cost.
 *
 * I1  What was booked is in memory until a transaction that has it is through; so a file that cannot be written costs nobody anything but the ability
 *     to survive the process.
 * I2  A request pays for a look into a map: the file is opened at the first write, or at the first question what a client has spent.
 * I3  What is in flight is noted with every write as it would have to be booked if the process died then.
 * I4  A file that cannot be used is never deleted, and never keeps anybody from being answered.
 * I5  What others wrote is known at most `every` ms later.
 */
export class Ledger implements Books, Spendings {
  readonly file: string
  readonly #every: number
  readonly #on: (event: LedgerEvent) => void
  readonly #clock: Clock
  readonly #wall: () => number
  readonly #pending = new UsageRows()
  readonly #open = new OpenAccounts()
  readonly #reserved = new Map<string, number>()
  readonly #known = new Map<string, Known>()
  #opened: UsageFile | undefined
  #generation = 0
  #looked = -Infinity
  #troubles = 0
  #failing = false
  #cancel: (() => void) | undefined
  #closed = false
  #nth = Number.NaN
  #today = ''

  constructor(options: LedgerOptions) {
    const { file, every = 1_000, on = () => {}, clock = systemClock, wall = Date.now } = options
    this.file = file
    this.#every = every
    this.#on = on
    this.#clock = clock
    this.#wall = wall
  }

  opened(account: Account): void {
    this.#open.add(account)
    this.#arm()
  }

  book(booking: Booking): void {
    const day = this.#day()
    this.#pending.add(day, booking)
    const known = booking.as === 'answer' ? this.#known.get(booking.client) : undefined
    if (known?.on === day) {
      known.day += booking.micros
      known.month += booking.micros
      known.total += booking.micros
    } else if (known) this.#known.delete(booking.client)
    this.#arm()
  }

  closed(account: Account): void {
    this.#open.delete(account)
  }

  /** So many millionths count as in flight until the answer is called. */
  reserve(client: string, micros: number): () => void {
    const reserved = this.#reserved
    reserved.set(client, (reserved.get(client) ?? 0) + micros)
    return () => {
      const left = (reserved.get(client) ?? 0) - micros
      if (left > 0) reserved.set(client, left)
      else reserved.delete(client)
    }
  }

  spent(client: string, per: keyof Spent): Spending {
    const day = this.#day()
    this.#lookAgain()
    const before = this.#known.get(client)
    const known = before?.on === day ? before : this.#lookUp(client, day)
    this.#known.set(client, known)
    return { micros: known[per], inFlight: this.#reserved.get(client) ?? 0, until: untilAfter(day, per) }
  }

  /** Writes what there is; whether that worked. */
  flush(): boolean {
    if (this.#closed) return true
    try {
      if (this.#opened && !this.#opened.inPlace) this.#drop()
      const file = this.#use()
      file.write(this.#pending, this.#notes(), this.#wall())
      this.#pending.clear()
      this.#troubles = 0
      if (this.#failing) this.#on({ type: 'ledger.recovered', file: this.file })
      this.#failing = false
      return true
    } catch (error) {
      this.#trouble(error)
      return false
    }
  }

  /** What is written by whomever, and what there is here with it. */
  readonly read = (asked: UsageAsked): UsageTold => {
    this.flush()
    return readUsage(this.file, asked)
  }

  /** Writes what there is, and nothing after it. */
  close(): void {
    this.#cancel?.()
    this.flush()
    this.#drop()
    this.#closed = true
  }

  #arm(): void {
    if (this.#cancel || this.#closed) return
    this.#cancel = this.#clock.after(this.#every, () => {
      this.#cancel = undefined
      const written = this.flush()
      if (!written || this.#open.size > 0) this.#arm()
    })
  }

  #notes(): UsageRows {
    const rows = new UsageRows()
    if (this.#open.size === 0) return rows
    const day = this.#day()
    for (const account of this.#open) for (const booking of account.soFar()) rows.add(day, booking)
    return rows
  }

  #use(): UsageFile {
    if (this.#opened) return this.#opened
    const file = new UsageFile(this.file)
    this.#opened = file
    this.#generation = file.generation
    this.#known.clear()
    return file
  }

  #drop(): void {
    const file = this.#opened
    this.#opened = undefined
    try {
      file?.close()
    } catch {
      // It is not asked again.
    }
  }

  /** I5. */
  #lookAgain(): void {
    const now = this.#clock.now()
    if (now - this.#looked < this.#every) return
    this.#looked = now
    try {
      const { generation } = this.#use()
      if (generation !== this.#generation) this.#known.clear()
      this.#generation = generation
    } catch (error) {
      this.#trouble(error)
    }
  }

  #lookUp(client: string, on: string): Known {
    const known = { on, day: 0, month: 0, total: 0 }
    try {
      Object.assign(known, this.#opened?.spent(client, on))
    } catch (error) {
      this.#trouble(error)
    }
    for (const row of this.#pending) {
      if (row.client !== client) continue
      known.total += row.micros
      if (row.day.slice(0, 7) === on.slice(0, 7)) known.month += row.micros
      if (row.day === on) known.day += row.micros
    }
    return known
  }

  #trouble(error: unknown): void {
    // Another process may have set it aside already.
    if (this.#opened?.inPlace === false) return this.#drop()
    const code = sqliteCode(error)
    const why = error instanceof Error ? error.message : String(error)
    if (error instanceof NewerFile || code === codes.corrupt || code === codes.notDatabase) {
      this.#drop()
      if (this.#setAside(why)) return
    }
    this.#troubles++
    // Another process that writes is no trouble, unless it never ends.
    if (this.#failing || (code === codes.busy && this.#troubles < 10)) return
    this.#failing = true
    this.#on({ type: 'ledger.failing', file: this.file, why })
  }

  /** I4. */
  #setAside(why: string): boolean {
    const stamp = new Date(this.#wall()).toISOString().replace(/[:.]/g, '-')
    const aside = `${this.file}.${stamp}`
    try {
      for (const suffix of ['', '-wal', '-shm']) moved(`${this.file}${suffix}`, `${aside}${suffix}`)
    } catch {
      return false
    }
    this.#on({ type: 'ledger.set-aside', file: this.file, aside, why })
    return true
  }

  #day(): string {
    const now = this.#wall()
    const nth = Math.floor(now / dayLength)
    if (nth !== this.#nth) {
      this.#nth = nth
      this.#today = new Date(now).toISOString().slice(0, 10)
    }
    return this.#today
  }
}

const dayLength = 86_400_000

function untilAfter(day: string, per: keyof Spent): number | undefined {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  if (per === 'total') return undefined
  return per === 'day' ? Date.UTC(year, month - 1, date + 1) : Date.UTC(year, month, 1)
}

function moved(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
