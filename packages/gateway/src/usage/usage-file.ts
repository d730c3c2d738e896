import { randomUUID } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DatabaseSync, sqlite } from './sqlite.ts'
import { counts, keys, type UsageRow } from './usage-row.ts'

/** What a client has spent, in millionths of the currency, as far as it is written. */
export interface Spent {
  readonly day: number
  readonly month: number
  readonly total: number
}

/** The file was written by a later Holdfast. */
export class NewerFile extends Error {
  override readonly name = 'NewerFile'
}

/** Which shape the tables have. */
const version = 1
/** How long a write waits for another process's, in ms; the loop waits as well, so it is tried again later instead of for long. */
const patience = 20
const minute = 60_000

const columns = [...keys, ...counts]
const tables = ['usage', 'noted'].map(
  (name) => `CREATE TABLE IF NOT EXISTS ${name} (
    ${name === 'noted' ? 'process TEXT NOT NULL,' : ''} ${keys.map((each) => `${each} TEXT NOT NULL`).join(', ')},
    ${counts.map((each) => `${each} INTEGER NOT NULL`).join(', ')},
    PRIMARY KEY (${name === 'noted' ? 'process, ' : ''}${keys.join(', ')})
  ) WITHOUT ROWID`,
)
const added = (from: string): string => `INSERT INTO usage (${columns.join(', ')}) ${from}
  ON CONFLICT DO UPDATE SET ${counts.map((each) => `${each} = ${each} + excluded.${each}`).join(', ')}`

/** Ids that this process gave out itself, and so are not those of one that died. */
const own = new Set<string>()

/**
 * The ledger's file, which several processes write.
 *
 * I1  Rows are added, and what was noted is replaced, in one transaction: either all of it is there or nothing.
 * I2  What a process noted of requests in flight is its own while it lives. Once it is dead it is added to the rest, by whoever comes first, once.
 * I3  Nothing waits for the disk but a checkpoint: what was written survives the death of the process, and that of the machine but for the last moments.
 */
export class UsageFile {
  readonly #db: DatabaseSync
  readonly #process = `${process.pid}-${randomUUID()}`
  readonly #file: string
  readonly #inode: number
  #noted = false
  #looked = 0

  /** Throws what SQLite throws, and `NewerFile`. */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true })
    const { DatabaseSync } = sqlite()
    this.#file = file
    this.#db = new DatabaseSync(file, { timeout: patience })
    own.add(this.#process)
    try {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
      const found = this.#number('PRAGMA user_version')
      if (found > version)
        throw new NewerFile(`its version is ${found}, and this Holdfast knows none after ${version}`)
      if (found < version)
        this.#atOnce(() =>
          this.#db.exec(`${tables.join(';')};
        CREATE INDEX IF NOT EXISTS usage_of_client ON usage (client, day);
        PRAGMA user_version = ${version}`),
        )
      this.#inode = inodeOf(file)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Whether the file is still the one at its path. */
  get inPlace(): boolean {
    return inodeOf(this.#file) === this.#inode
  }

  /** Changes whenever another process writes. */
  get generation(): number {
    return this.#number('PRAGMA data_version')
  }

  write(rows: Iterable<UsageRow>, noted: Iterable<UsageRow>, now: number): void {
    const notes = [...noted]
    const [...news] = rows
    const look = now - this.#looked >= minute || now < this.#looked
    if (news.length === 0 && notes.length === 0 && !this.#noted && !look) return
    this.#atOnce(() => {
      const add = this.#db.prepare(added(`VALUES (${columns.map(() => '?').join(', ')})`))
      for (const row of news) add.run(...columns.map((each) => row[each]))
      if (this.#noted) this.#db.prepare('DELETE FROM noted WHERE process = ?').run(this.#process)
      if (notes.length > 0) {
        const all = ['process', ...columns]
        const note = this.#db.prepare(
          `INSERT INTO noted (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`,
        )
        for (const row of notes) note.run(this.#process, ...columns.map((each) => row[each]))
      }
      if (look) this.#inherit()
    })
    this.#noted = notes.length > 0
    if (look) this.#looked = now
  }

  spent(client: string, day: string): Spent {
    const month = day.slice(0, 7)
    const row = this.#db
      .prepare(
        `SELECT TOTAL(micros) AS total, TOTAL(micros) FILTER (WHERE day BETWEEN ? AND ?) AS month,
          TOTAL(micros) FILTER (WHERE day = ?) AS day FROM usage WHERE client = ?`,
      )
      .get(`${month}-01`, `${month}-31`, day, client)!
    return { day: row['day'] as number, month: row['month'] as number, total: row['total'] as number }
  }

  close(): void {
    own.delete(this.#process)
    this.#db.close()
  }

  /** I2. */
  #inherit(): void {
    const found = this.#db.prepare('SELECT DISTINCT process FROM noted').all()
    for (const id of found.map((row) => String(row['process'])).filter(isDead)) {
      this.#db.prepare(added(`SELECT ${columns.join(', ')} FROM noted WHERE process = ?`)).run(id)
      this.#db.prepare('DELETE FROM noted WHERE process = ?').run(id)
    }
  }

  /** I1. */
  #atOnce(change: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      change()
      this.#db.exec('COMMIT')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  #number(pragma: string): number {
    return Number(Object.values(this.#db.prepare(pragma).get() ?? {})[0])
  }
}

/** In a container every first process has the same number, so one that has ours is not us, and gone. */
function isDead(id: string): boolean {
  const pid = Number(id.split('-', 1)[0])
  if (own.has(id)) return false
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function inodeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? 0
}
